import { describe, expect, test } from 'bun:test';
import { summarizeArray } from '../../src/domain/array.ts';
import type { ArrayTask } from '../../src/domain/array-task.ts';
import { distributionOf } from '../../src/domain/distribution.ts';

const task = (taskId: number, fields: Partial<ArrayTask> = {}): ArrayTask => ({
  jobId: String(100 + taskId),
  taskId,
  user: 'alice',
  state: 'completed',
  rawState: 'COMPLETED',
  startTimeMs: 1000 * taskId,
  endTimeMs: 1000 * taskId + 60_000,
  runtimeSeconds: 60,
  ...fields,
});

const summarize = (tasks: readonly ArrayTask[]) => summarizeArray(tasks, async () => {});

describe('a distribution', () => {
  test('has quartiles of its values, and twenty bins from the least to the most', () => {
    const distribution = distributionOf([5, 1, 4, 2, 3])!;
    expect(distribution).toMatchObject({
      ...{ count: 5, min: 1, lowerQuartile: 2, median: 3, upperQuartile: 4, max: 5 },
      bins: { low: 1, high: 5 },
    });
    const { counts } = distribution.bins;
    expect(counts).toHaveLength(20);
    expect([counts[0], counts[5], counts[10], counts[15], counts[19]]).toEqual([1, 1, 1, 1, 1]);
  });

  test('of equal values is one bin, and of none is absent', () => {
    expect(distributionOf([7, 7])?.bins).toEqual({ low: 7, high: 7, counts: [2] });
    expect(distributionOf([])).toBeUndefined();
  });

  test('over a range counts what lies outside in the nearest bin', () => {
    const { bins } = distributionOf([0, 100, 130], [0, 100])!;
    expect(bins).toMatchObject({ low: 0, high: 100 });
    expect([bins.counts[0], bins.counts[19]]).toEqual([1, 2]);
  });
});

describe('an array', () => {
  test("is counted by Slurm's states, and begins and ends with its tasks", async () => {
    const { states, startTimeMs, endTimeMs } = await summarize([
      task(1),
      task(2),
      task(3, { state: 'cancelled', rawState: 'CANCELLED by 1000' }),
      task(4, { state: 'cancelled', rawState: 'CANCELLED by 0' }),
      task(5, { state: 'failed', rawState: 'TIMEOUT' }),
    ]);
    expect(states).toEqual([
      { state: 'completed', rawState: 'COMPLETED', tasks: 2 },
      { state: 'cancelled', rawState: 'CANCELLED', tasks: 2 },
      { state: 'failed', rawState: 'TIMEOUT', tasks: 1 },
    ]);
    expect([startTimeMs, endTimeMs]).toEqual([1000, 65_000]);
  });

  test('has no end while a task runs or waits, and a running task is not in the distribution of runtimes', async () => {
    const { endTimeMs: _, ...running } = task(2, { state: 'running', runtimeSeconds: 500 });
    const { endTimeMs, runtimeSeconds, outliers } = await summarize([task(1), running]);
    expect(endTimeMs).toBeUndefined();
    expect(runtimeSeconds).toMatchObject({ count: 1, max: 60 });
    expect(outliers.find(({ kind }) => kind === 'slowest')?.tasks[0]?.taskId).toBe(2);
  });

  test('shows the tasks that stand out, the worst first and ten of each kind', async () => {
    const tasks = Array.from({ length: 50 }, (_, index) =>
      task(index, {
        ...{ runtimeSeconds: (index * 7) % 50, cpuUsage: (index * 3) % 50, memoryLimitMb: 1000 },
        memoryPeakMb: (index * 11) % 50,
        ...(index % 20 === 0 && { state: 'failed' as const }),
      }),
    );
    const { outliers } = await summarize(tasks);
    const kinds = new Map(outliers.map(({ kind, tasks: worst }) => [kind, worst]));
    expect([...kinds.keys()]).toEqual(['failed', 'slowest', 'memory', 'cpu']);
    expect(kinds.get('failed')?.map(({ taskId }) => taskId)).toEqual([40, 20, 0]);
    const down = (from: number) => Array.from({ length: 10 }, (_, place) => from - place);
    expect(kinds.get('slowest')?.map(({ runtimeSeconds }) => runtimeSeconds)).toEqual(down(49));
    expect(kinds.get('memory')?.map(({ memoryPeakMb }) => memoryPeakMb)).toEqual(down(49));
    expect(kinds.get('cpu')?.map(({ cpuUsage }) => cpuUsage)).toEqual(down(9).toReversed());
  });
});
