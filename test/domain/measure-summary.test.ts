import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { MEASURES, type MeasureName } from '../../src/domain/measure.ts';
import {
  joinMeasures,
  measureSummarizer,
  type SeriesMeasures,
  summarizeNodeMeasures,
  totalMeasures,
} from '../../src/domain/measure-summary.ts';
import { compareFurther, type FurtherColumn } from '../../src/domain/readings.ts';

const column = (name: MeasureName, values: readonly (number | null)[], gpu = ''): FurtherColumn => ({
  code: MEASURES.get(name)!.code,
  gpu,
  values: Float64Array.from(values, (value) => value ?? Number.NaN),
});
const observed = (seconds: number, ...columns: FurtherColumn[]) => ({
  measures: totalMeasures(columns.sort(compareFurther)),
  observedSeconds: seconds,
});

const summarizeMeasures = (nodes: readonly ReturnType<typeof observed>[]) => {
  const summarizer = measureSummarizer();
  for (const { measures, observedSeconds } of nodes) summarizer.add(measures, observedSeconds);
  return summarizer.summary().measured ?? {};
};
const summarizeNode = ({ measures, observedSeconds }: ReturnType<typeof observed>) =>
  summarizeNodeMeasures(measures, observedSeconds);

const LASTING = [...MEASURES.values()].filter(({ isLasting }) => isLasting);
/** Rows of a few measures of a job and two GPUs; whole numbers, so that sums are exact in every order. */
const rows = fc.array(
  fc.record({
    columns: fc.dictionary(
      fc.constantFrom(...LASTING.map(({ code }) => String(code))),
      fc.oneof(fc.constant(0), fc.nat(1000)),
      {
        maxKeys: 5,
      },
    ),
    gpu: fc.constantFrom('GPU-a', 'GPU-b'),
  }),
  { maxLength: 12 },
);
type Row = { columns: Record<string, number>; gpu: string };

/** The rows as further columns; a row is NaN in the columns that it does not have. */
function columnsOf(part: readonly Row[]): FurtherColumn[] {
  const keys = new Map<string, FurtherColumn>();
  for (const [place, { columns, gpu }] of part.entries()) {
    for (const [text, value] of Object.entries(columns)) {
      const code = Number(text);
      const own = LASTING.find((measure) => measure.code === code)!.of === 'gpu' ? gpu : '';
      const key = `${code} ${own}`;
      const known = keys.get(key) ?? {
        code,
        gpu: own,
        values: new Float64Array(part.length).fill(Number.NaN),
      };
      keys.set(key, known);
      known.values[place] = value;
    }
  }
  return [...keys.values()].sort(compareFurther);
}

test('samples that are sealed in any order and any parts have the totals of all at once', () => {
  fc.assert(
    fc.property(rows, fc.array(fc.nat(12)), fc.integer(), (all, cuts, seed) => {
      const ends = [...cuts.map((cut) => Math.min(cut, all.length)), all.length].sort((a, b) => a - b);
      const parts = ends.map((end, index) => all.slice(index === 0 ? 0 : ends[index - 1]!, end));
      const shuffled = parts.toSorted((one, other) =>
        Bun.hash(`${seed}${parts.indexOf(one)}`) < Bun.hash(`${seed}${parts.indexOf(other)}`) ? -1 : 1,
      );
      const joined = shuffled
        .map((part) => totalMeasures(columnsOf(part)))
        .reduce<SeriesMeasures>((sum, part) => joinMeasures(sum, part), []);
      expect(joined).toEqual([...totalMeasures(columnsOf(all))]);
    }),
  );
});

test('measures that do not last are not kept, and neither are columns without a value', () => {
  expect(totalMeasures([column('cpu_seconds', [null]), column('io_reads', [5])])).toEqual([]);
  expect(totalMeasures(undefined)).toEqual([]);
});

test('what was not measured is absent from the summary', () => {
  expect(summarizeMeasures([observed(60)])).toEqual({});
  expect(summarizeMeasures([])).toEqual({});
  expect(summarizeNode(observed(60))).toEqual({});
  expect(summarizeMeasures([observed(60, column('cpu_seconds', [1, null, 3]))])).toEqual({ cpuSeconds: 3 });
});

test('a node has its counters, memory and I/O', () => {
  const node = observed(
    100,
    column('cpu_seconds', [1, 50, 90.5]),
    column('cpu_throttled_seconds', [0, 0, 0]),
    column('memory_current_bytes', [100, null, 300]),
    column('memory_anonymous_bytes', [10, 20, 60]),
    column('memory_peak_bytes', [400, 400, 500]),
    column('memory_limit_bytes', [1000, 1000, 1000]),
    column('memory_oom_kills', [0, 0, 2]),
    column('io_read_bytes', [5, 6, 7]),
    column('io_written_bytes', [0, 0, 8]),
  );
  expect(summarizeNode(node)).toEqual({
    measured: {
      cpuSeconds: 90.5,
      cpuThrottledSeconds: 0,
      memoryCurrentBytes: { mean: 200, max: 300 },
      memoryAnonymousBytes: { mean: 30, max: 60 },
      memoryPeakBytes: 500,
      memoryLimitBytes: 1000,
      memoryOomKills: 2,
      ioReadBytes: 7,
      ioWrittenBytes: 8,
    },
  });
});

test('counters and memory of several nodes are summed, and a node without them adds nothing', () => {
  const one = observed(60, column('cpu_seconds', [10]), column('memory_peak_bytes', [7]));
  const other = observed(60, column('cpu_seconds', [5]), column('memory_anonymous_bytes', [10, 20]));
  expect(summarizeMeasures([one, other, observed(60)])).toEqual({
    cpuSeconds: 15,
    memoryPeakBytes: 7,
    memoryAnonymousBytes: { mean: 15, max: 20 },
  });
});

test('each GPU has its mean, and the share of its readings that were 0', () => {
  const node = observed(
    60,
    column('gpu_utilization_percent', [0, 0, 30, null], 'GPU-a'),
    column('gpu_utilization_percent', [100, 100, 100, 100], 'GPU-b'),
    column('gpu_memory_used_bytes', [1, 2, 3, 4], 'GPU-b'),
    column('gpu_memory_used_bytes', [9, 9, 9, 9], 'MIG-c'),
  );
  expect(summarizeNode(node)).toEqual({
    measured: { gpus: 2, gpuIdleShare: 0.333333 },
    gpus: [
      { gpu: 'GPU-a', utilizationPercent: { mean: 10, max: 30 }, idleShare: 0.666667 },
      {
        gpu: 'GPU-b',
        utilizationPercent: { mean: 100, max: 100 },
        idleShare: 0,
        memoryUsedBytes: { mean: 2.5, max: 4 },
      },
      { gpu: 'MIG-c', memoryUsedBytes: { mean: 9, max: 9 } },
    ],
  });
});

test('each energy has its method, and the share of the time for which the power was known', () => {
  const one = observed(
    100,
    column('gpu_energy_joules', [0, 3000]),
    column('gpu_power_seconds', [0, 150]),
    column('gpu_held_seconds', [0, 200]),
    column('cpu_energy_joules', [0, 500]),
    column('cpu_idle_energy_joules', [0, 50]),
    column('cpu_power_seconds', [0, 101]),
    column('node_energy_joules', [0, 700]),
  );
  expect(summarizeMeasures([one]).energy).toEqual([
    { method: 'gpu_power', joules: 3000, coverage: 0.75 },
    { method: 'cpu_share', joules: 500, idleJoules: 50, coverage: 1 },
    { method: 'node_share', joules: 700 },
  ]);
  // A node without any power halves the coverage.
  expect(summarizeMeasures([one, observed(101)]).energy?.[1]).toMatchObject({
    joules: 500,
    coverage: 0.502488,
  });
  const moment = observed(0, column('cpu_energy_joules', [0]), column('cpu_power_seconds', [0]));
  expect(summarizeMeasures([moment]).energy).toEqual([{ method: 'cpu_share', joules: 0 }]);
});
