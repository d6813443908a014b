import { expect, test } from 'bun:test';
import type { PolicyJob } from '../../../src/domain/policy/figures.ts';
import { lookMemory } from '../../../src/domain/policy/look-memory.ts';
import { MINUTE_MS } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { policiesOf } from '../../help/policies.ts';

const { policies } = policiesOf(
  [15, 60]
    .map(
      (minutes) => `[policy.idle-${minutes}]
says = "x"
looks_at = "running"
job.gpu_idle_minutes = ">= ${minutes}"
tell = ["user"]
`,
    )
    .join(''),
);
const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;

const facts = (idleMinutes: number | undefined): PolicyJob => ({
  job: { id: '1', user: 'alice', nodes: ['n1'], state: 'running', cpuUsage: 0, memoryUsageMb: 0 },
  nowMs: NOON_MS,
  ...(idleMinutes !== undefined && {
    idle: { gpuMs: idleMinutes * MINUTE_MS, fromMs: at(-60), toMs: NOON_MS },
  }),
});

const RESTS: [what: string, idleMinutes: number | undefined, restMinutes: number][] = [
  ['far from the next bound', 3, 5],
  ['near the first', 12.5, 2.5],
  ['at it', 15, 5],
  ['near the second', 59, 1],
  ['beyond all', 300, 5],
  ['not known', undefined, 5],
];

test.each(RESTS)(
  'a job is read again when it may reach a bound, and within five minutes: %s',
  (_, idle, rest) => {
    const memory = lookMemory();
    const job = { id: '1' };
    expect(memory.due([job], NOON_MS)).toEqual([job]);
    memory.read(facts(idle), policies);
    expect(memory.due([job], at(rest) - 1)).toEqual([]);
    expect(memory.due([job], at(rest))).toEqual([job]);
  },
);

test('those that were never read come first, then those that are due longest, and a clock that went back spares none', () => {
  const memory = lookMemory();
  const jobs = ['2', '1', '3'].map((id) => ({ id }));
  const idsAt = (nowMs: number, list = jobs) => memory.due(list, nowMs).map(({ id }) => id);
  const read = (id: string, nowMs: number) =>
    memory.read({ ...facts(0), nowMs, job: { ...facts(0).job, id } }, policies);
  read('2', at(1));
  read('1', at(0));
  expect(idsAt(at(6))).toEqual(['3', '1', '2']);
  expect(idsAt(at(5))).toEqual(['3', '1']);
  expect(idsAt(at(-10))).toEqual(['3', '1', '2']);
  // One that is not in the list any more is forgotten.
  expect(idsAt(at(2), [{ id: '1' }])).toEqual([]);
  expect(idsAt(at(2))).toEqual(['2', '3']);
});
