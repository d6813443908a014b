import { expect, test } from 'bun:test';
import { MEASURES, type MeasureName } from '../../../src/domain/measure.ts';
import type { FurtherColumn, NodeReadings } from '../../../src/domain/readings.ts';
import { splitByGpu } from '../../../src/store/chunk/gpu-pieces.ts';
import { mergePieces } from '../../../src/store/chunk/merge.ts';
import type { Piece } from '../../../src/store/chunk/piece.ts';
import { projectGpus, projectNode } from '../../../src/store/chunk/project.ts';
import { furtherOf } from '../../help/readings.ts';

const code = (name: MeasureName) => MEASURES.get(name)!.code;
const NONE = Number.NaN;

const column = (name: MeasureName, gpu: string, values: readonly number[]): FurtherColumn => ({
  code: code(name),
  gpu,
  values: Float64Array.from(values),
});

function readings(times: readonly number[], further: readonly FurtherColumn[]): NodeReadings {
  const some = Float64Array.from(times, (timeMs) => timeMs / 10);
  return {
    count: times.length,
    times: Float64Array.from(times),
    ...{ cpu: some, memory: some, gpu: some },
    further,
  };
}

const valuesOf = (name: MeasureName, columns: readonly FurtherColumn[]) => [
  ...projectNode(readings([1, 2, 3], columns), [code(name)]).further![0]!.values,
];

test('a projection has the wanted columns in their order, and NaN for those that are missing', () => {
  const all = [column('cpu_seconds', '', [1, 2, 3]), column('threads', '', [7, 8, 9])];
  const { further, cpu } = projectNode(readings([1, 2, 3], all), [
    code('threads'),
    code('io_reads'),
    code('cpu_seconds'),
  ]);
  expect(further!.map(({ values }) => [...values])).toEqual([
    [7, 8, 9],
    [NONE, NONE, NONE],
    [1, 2, 3],
  ]);
  expect([...cpu]).toEqual([0.1, 0.2, 0.3]);
  expect(projectNode({ ...readings([1], []), further: undefined as never }, [1]).further).toHaveLength(1);
});

test('measures of GPUs are one value of the node: the sum, mean or maximum of those that were read', () => {
  const of = (name: MeasureName) => [column(name, 'A', [10, NONE, NONE]), column(name, 'B', [20, 5, NONE])];
  expect(valuesOf('gpu_power_watts', of('gpu_power_watts'))).toEqual([30, 5, NONE]);
  expect(valuesOf('gpu_utilization_percent', of('gpu_utilization_percent'))).toEqual([15, 5, NONE]);
  expect(valuesOf('gpu_temperature_celsius', of('gpu_temperature_celsius'))).toEqual([20, 5, NONE]);
  const below = [column('gpu_temperature_celsius', 'A', [-3, -2, 0])];
  expect(valuesOf('gpu_temperature_celsius', below)).toEqual([-3, -2, 0]);
});

test('a value that was given for all GPUs of the node is not added to those of single GPUs', () => {
  const own = column('gpu_power_watts', '', [400, NONE, NONE]);
  const single = column('gpu_power_watts', 'A', [100, 200, NONE]);
  expect(valuesOf('gpu_power_watts', [own, single])).toEqual([400, 200, NONE]);
});

test('each sample becomes a row for each GPU that has any of the wanted values', () => {
  const rows = projectGpus(
    readings(
      [1, 2, 3],
      [
        column('gpu_power_watts', 'A', [300, NONE, NONE]),
        column('gpu_temperature_celsius', 'A', [50, NONE, 52]),
        column('gpu_power_watts', 'B', [100, 110, NONE]),
        column('gpu_memory_used_bytes', 'C', [1, 1, 1]),
      ],
    ),
    [code('gpu_temperature_celsius'), code('gpu_power_watts')],
    (gpu) => 'AB'.indexOf(gpu),
  );
  expect([...rows.times]).toEqual([1, 1, 2, 3]);
  expect([...rows.labels!]).toEqual([0, 1, 1, 0]);
  expect(rows.further!.map(({ values }) => [...values])).toEqual([
    [50, NONE, NONE, 52],
    [300, 100, 110, NONE],
  ]);
});

function piece(node: number, made: NodeReadings): Piece {
  const { times, count } = made;
  return { startMs: times[0]!, endMs: times[count - 1]!, count, node, open: () => made };
}

function merged(pieces: Piece[], order: 'asc' | 'desc', limit?: number) {
  const codes = [code('gpu_power_watts')];
  const steps = splitByGpu({ pieces, names: [undefined, 'n2'] }, codes);
  let step = steps.next();
  while (!step.done) step = steps.next();
  const { pieces: split, ...labels } = step.value;
  const batches = [...mergePieces(split, { ...labels, further: 1, order, ...(limit && { limit }) })];
  return {
    rows: batches.flatMap((batch) => (batch ? furtherOf(batch) : [])),
    total: split.reduce((sum, { count }) => sum + count, 0),
    pieces: split.length,
  };
}

test('rows of GPUs are in the order of time, node and GPU, also where pieces overlap or have none', () => {
  const power = (gpu: string, values: number[]) => column('gpu_power_watts', gpu, values);
  const pieces = [
    piece(0, readings([1, 2, 4], [power('B', [11, 12, NONE]), power('A', [1, NONE, 4])])),
    piece(0, readings([3], [power('B', [13])])),
    piece(0, readings([3, 9], [column('threads', '', [1, 1])])),
    piece(1, readings([0, 2], [power('A', [NONE, 22])])),
  ];
  const rows = [
    { timeMs: 1, gpu: 'A', gpu_power_watts: 1 },
    { timeMs: 1, gpu: 'B', gpu_power_watts: 11 },
    { timeMs: 2, gpu: 'B', gpu_power_watts: 12 },
    { timeMs: 2, node: 'n2', gpu: 'A', gpu_power_watts: 22 },
    { timeMs: 3, gpu: 'B', gpu_power_watts: 13 },
    { timeMs: 4, gpu: 'A', gpu_power_watts: 4 },
  ];
  expect(merged(pieces, 'asc')).toEqual({ rows, total: 6, pieces: 3 });
  expect(merged(pieces, 'desc')).toEqual({ rows: rows.toReversed(), total: 6, pieces: 3 });
  expect(merged(pieces, 'desc', 4).rows).toEqual(rows.toReversed().slice(0, 4));
  expect(merged(pieces, 'asc', 1).rows).toEqual(rows.slice(0, 1));
});
