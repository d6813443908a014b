import { expect, test } from 'bun:test';
import { MEASURES } from '../../../src/domain/measure.ts';
import { NO_TOTALS } from '../../../src/domain/summary.ts';
import { contributionOf, type EndedRun, type MeasuredNode } from '../../../src/domain/tally/contribution.ts';
import { TALLY_FIELDS } from '../../../src/domain/tally/tally.ts';

const RUN: EndedRun = { state: 'completed', startTimeMs: 0, endTimeMs: 100_000, nodes: 1 };

const node = (seconds: number, fields: Partial<MeasuredNode> = {}): MeasuredNode => ({
  ...{ ...NO_TOTALS, samples: 2, oldestMs: 0, newestMs: seconds * 1000, measures: [] },
  ...{ cpuSum: 100, cpuMax: 50, memorySum: 400, memoryMax: 300 },
  ...fields,
});

const contribution = (run: Partial<EndedRun>, nodes: MeasuredNode[] = []) => {
  const tally = contributionOf({ ...RUN, ...run }, nodes);
  return Object.fromEntries(TALLY_FIELDS.map((field) => [field, tally[field]]).filter(([, value]) => value));
};

test('what is not known adds nothing', () => {
  expect(contribution({})).toEqual({ completed: 1, runtimeSeconds: 100 });
  expect(contribution({ state: 'cancelled', startTimeMs: undefined, cpus: 8, submitTimeMs: 5 })).toEqual({
    cancelled: 1,
  });
  expect(contribution({ state: 'running' })).toEqual({});
  expect(contribution({ cpus: 2, gpus: 1 }, [node(0)])).toEqual({
    ...{ completed: 1, runtimeSeconds: 100, cpuSeconds: 200, gpuSeconds: 100 },
  });
});

test('states of Slurm are counted beside those of the service', () => {
  expect(contribution({ state: 'failed', rawState: 'TIMEOUT' })).toMatchObject({ failed: 1, timedOut: 1 });
  expect(contribution({ state: 'failed', rawState: 'OUT_OF_MEMORY' })).toMatchObject({ outOfMemory: 1 });
  expect(contribution({ state: 'failed', rawState: 'NODE_FAIL' })).toMatchObject({ nodeFailed: 1 });
  expect(contribution({ state: 'cancelled', rawState: 'PREEMPTED by 7' })).toMatchObject({ preempted: 1 });
});

test('time suspended is not held, and a wait is never negative', () => {
  expect(contribution({ cpus: 2, suspendedSeconds: 40, submitTimeMs: 1000, startTimeMs: 0 })).toEqual({
    ...{ completed: 1, runtimeSeconds: 60, cpuSeconds: 120, waits: 1 },
  });
});

test('only the time that was measured counts as measured', () => {
  expect(contribution({ cpus: 4, memoryLimitMb: 400 }, [node(50)])).toMatchObject({
    ...{ cpuSeconds: 400, cpuMeasuredSeconds: 200, cpuUsedSeconds: 100 },
    ...{ memoryMbSeconds: 40_000, memoryMeasuredMbSeconds: 20_000, memoryUsedMbSeconds: 10_000 },
  });
  expect(contribution({ cpus: 4, nodes: 4 }, [node(100)])).toMatchObject({
    ...{ cpuSeconds: 400, cpuMeasuredSeconds: 100, cpuUsedSeconds: 50 },
  });
});

test('energy is that of Slurm, else of the nodes, else of CPUs and GPUs together', () => {
  const joules = (name: string, max: number) => ({
    ...{ code: MEASURES.get(name as 'node_energy_joules')!.code, gpu: '', count: 1, sum: max, max, zeros: 0 },
  });
  const [cpu, gpu, whole] = [
    joules('cpu_energy_joules', 10),
    joules('gpu_energy_joules', 20),
    joules('node_energy_joules', 50),
  ];
  const energyOf = (run: Partial<EndedRun>, measures: (typeof cpu)[]) =>
    contribution(run, [node(100, { measures })]).energyJoules;
  expect(energyOf({ energyJoules: 7 }, [whole])).toBe(7);
  expect(energyOf({}, [cpu, gpu, whole])).toBe(50);
  expect(energyOf({}, [cpu, gpu])).toBe(30);
  expect(energyOf({}, [])).toBeUndefined();
});
