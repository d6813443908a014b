import { expect, test } from 'bun:test';
import { AppError } from '../../src/domain/errors.ts';
import type { JobLife } from '../../src/domain/job.ts';
import { type KnownJob, planPatch } from '../../src/domain/patch-plan.ts';
import { NOT_REPORTED, type Provenance } from '../../src/domain/trust.ts';

const RUNNING: JobLife = { state: 'running', startTimeMs: 1000, hasStarted: true, endTimeMs: undefined };
const PENDING: JobLife = { state: 'pending', startTimeMs: 1000, hasStarted: false, endTimeMs: undefined };
const REPORTED: Provenance = { fields: { name: 'squeue' }, verdict: 'running', verdictMs: 900 };
const known = (fields: Partial<KnownJob> = {}): KnownJob => ({
  ...{ life: RUNNING, hasNodes: true, detail: undefined },
  ...fields,
});
const NOTHING = { life: undefined, detail: undefined, usage: undefined, event: undefined, tally: {} };

test('a patch of nothing changes nothing', () => {
  expect(planPatch(known(), {}, 5000)).toEqual(NOTHING);
});

test('usage alone is no event, and what a patch leaves out stays null', () => {
  expect(planPatch(known(), { cpuUsage: 3 }, 5000)).toEqual({
    ...NOTHING,
    usage: { cpuUsage: 3, memoryUsageMb: null, gpuUsage: null },
  });
});

test('usage of a job without nodes is refused together with the rest of the patch', () => {
  expect(() =>
    planPatch(known({ life: PENDING, hasNodes: false }), { gpuUsage: 0, state: 'failed' }, 5000),
  ).toThrow(new AppError('validation_error', 'The job has no nodes yet.'));
});

test('an end is an event that stores what it replaces, and counts once', () => {
  const detail = { details: { partition: 'debug', submitTimeMs: 400 }, provenance: REPORTED };
  const ended = planPatch(known({ detail }), { state: 'failed' }, 5000);
  expect(ended).toEqual({
    ...NOTHING,
    life: { ...RUNNING, state: 'failed', endTimeMs: 5000 },
    detail: { ...detail, provenance: { ...REPORTED, verdict: 'api' } },
    event: {
      ...{ timeMs: 5000, source: 'api', was: { state: 'running' } },
      change: { state: 'failed', endTimeMs: 5000 },
    },
    tally: { finished: { partition: 'debug', state: 'failed' } },
  });
  const again = planPatch(known({ life: ended.life!, detail: ended.detail }), { state: 'completed' }, 6000);
  expect(again).toMatchObject({
    event: { change: { state: 'completed' }, was: { state: 'failed' } },
    tally: {},
  });
});

test('a job that goes back to running loses its end, which its event says with null', () => {
  const life = { ...RUNNING, state: 'failed', endTimeMs: 3000 } as const;
  const { event } = planPatch(known({ life }), { state: 'running' }, 5000);
  expect(event).toMatchObject({
    change: { state: 'running', endTimeMs: null },
    was: { state: 'failed', endTimeMs: 3000 },
  });
});

test('an end counts in the partition that the same patch sets', () => {
  const { tally } = planPatch(known(), { state: 'failed', details: { partition: 'gpu' } }, 5000);
  expect(tally).toEqual({ finished: { partition: 'gpu', state: 'failed' } });
});

test('a pending job that the API runs starts now, and its wait counts', () => {
  const detail = { details: { submitTimeMs: 1000 }, provenance: NOT_REPORTED };
  expect(planPatch(known({ life: PENDING, detail }), { state: 'running' }, 5000)).toMatchObject({
    life: { state: 'running', startTimeMs: 5000, hasStarted: true },
    event: { change: { state: 'running', startTimeMs: 5000 }, was: { state: 'pending' } },
    tally: { waitMs: 4000 },
  });
});

test('details are added to the known ones, and are no more trusted than before', () => {
  const detail = { details: { name: 'old', qos: 'low' }, provenance: REPORTED };
  expect(planPatch(known({ detail }), { details: { name: 'new', gpus: 1 } }, 5000)).toEqual({
    ...NOTHING,
    detail: { details: { name: 'new', qos: 'low', gpus: 1 }, provenance: REPORTED },
    event: {
      ...{ timeMs: 5000, source: 'api', was: { name: 'old' } },
      change: { name: 'new', gpus: 1 },
    },
  });
  expect(planPatch(known(), { details: { name: 'new' } }, 5000).detail).toEqual({
    ...{ details: { name: 'new' }, provenance: NOT_REPORTED },
  });
});
