import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { limitIntake } from '../../../src/http/request/intake.ts';
import { readSampleBatch } from '../../../src/http/request/sample-batch.ts';
import { NOON_MS } from '../../help/clock.ts';

const MIB = 1024 * 1024;

async function read(body: unknown) {
  using intake = limitIntake(64 * MIB).open();
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const request = new Request('http://localhost/v1/samples', { method: 'POST', body: text });
  const { sorted, measures, report } = await readSampleBatch(request, intake, NOON_MS);
  const { values, indexes, bad } = sorted;
  return { values, indexes, bad, measures, report };
}

type Fields = Record<string, unknown>;

/** Writes rows as columns: a list for each name of any row. */
function columnsOf(rows: readonly Fields[]): Record<string, unknown[]> {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return Object.fromEntries([...names].map((name) => [name, rows.map((row) => row[name] ?? null)]));
}

function asColumns(rows: readonly Fields[]) {
  const readings = rows.flatMap(({ gpus }, sample) =>
    ((gpus ?? []) as Fields[]).map((gpu) => ({ sample, ...gpu })),
  );
  return {
    columns: { cpu_usage: [], memory_usage_mb: [], ...columnsOf(rows.map(({ gpus: _, ...row }) => row)) },
    ...(readings.length > 0 && { gpus: columnsOf(readings) }),
  };
}

const SAMPLE = { job_id: 'a', cpu_usage: 1, memory_usage_mb: 1 };

/** Good values often, so that some rows are stored. */
const mostly = (good: fc.Arbitrary<unknown>, ...bad: unknown[]) =>
  fc.oneof({ weight: 30, arbitrary: good }, { weight: 1, arbitrary: fc.constantFrom(...bad) });
const measure = mostly(fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e15, noNaN: true })), -1, '5', true, [1]);
const gpuRow = fc.record(
  {
    gpu: mostly(fc.constantFrom('GPU-a', 'GPU-b', 'GPU-c'), '', 'a b', 5, 'x'.repeat(129)),
    gpu_power_watts: measure,
    gpu_throttled: measure,
    unknown: fc.nat(),
  },
  { requiredKeys: ['gpu'] },
);
const row = fc.record(
  {
    job_id: mostly(fc.constantFrom('a', 'b'), '', 5, null, 'a\nb'),
    sluid: mostly(fc.constant(null), 's685M87SJRW700', ''),
    node: mostly(fc.constantFrom('n1', 'n2', null), 5, ''),
    timestamp: mostly(fc.constantFrom('2026-01-20T11:00:00Z', null), 'noon', 5, '2027-01-01'),
    cpu_usage: mostly(fc.double({ min: 0, max: 100, noNaN: true }), 101, -1, '5'),
    memory_usage_mb: mostly(fc.nat(), 1.5, -1, 2 ** 33 + 1),
    gpu_usage: mostly(fc.option(fc.nat(100)), 101, '5'),
    cpu_seconds: measure,
    io_read_bytes: measure,
    later: fc.nat(),
    gpus: fc.uniqueArray(gpuRow, { maxLength: 3, selector: ({ gpu }) => gpu }),
  },
  { requiredKeys: ['cpu_usage', 'memory_usage_mb'] },
);

test('a batch of columns is read as the same batch of rows, refusals and measures included', async () => {
  let stored = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 30 }), async (rows) => {
      const byRows = await read({ samples: rows });
      const byColumns = await read(asColumns(rows));
      expect(withoutEmpty(byColumns)).toEqual(withoutEmpty(byRows));
      stored += byRows.values.length;
    }),
    { numRuns: 500 },
  );
  expect(stored).toBeGreaterThan(1000);
});

/** A column that stores nothing may be there, or not. */
function withoutEmpty({ measures, bad, ...batch }: Awaited<ReturnType<typeof read>>) {
  const filled = (columns: Iterable<readonly [number, Float64Array]> = []) =>
    [...columns]
      .filter(([, values]) => !values.every(Number.isNaN))
      .map(([code, values]) => [code, [...values]] as const)
      .sort(([one], [other]) => one - other);
  const { gpus, columns } = measures ?? {};
  return {
    ...batch,
    refusals: bad.refusals,
    refused: bad.count,
    columns: filled(columns),
    gpus: gpus?.names.length
      ? { samples: [...gpus.samples], names: gpus.names, columns: filled(gpus.columns) }
      : undefined,
  };
}

test('a text stands for all samples', async () => {
  const columns = { job_id: 'a', node: 'n1', timestamp: '2026-01-20T11:00:00Z' };
  const { values } = await read({ columns: { ...columns, cpu_usage: [1, 2], memory_usage_mb: [3, 4] } });
  const same = { jobId: 'a', node: 'n1', timeMs: Date.parse(columns.timestamp), stamped: false };
  expect(values).toEqual([
    { ...same, cpuUsage: 1, memoryUsageMb: 3 },
    { ...same, cpuUsage: 2, memoryUsageMb: 4 },
  ]);
});

test('measures are columns with NaN where nothing was measured; unknown ones are ignored', async () => {
  const samples = [
    { ...SAMPLE, cpu_seconds: 5 },
    { ...SAMPLE, io_read_bytes: 7, gpus: [{ gpu: 'GPU-a', gpu_power_watts: 300, later: 1 }] },
    { ...SAMPLE, cpu_usage: 101, cpu_seconds: 9, gpus: [{ gpu: 'GPU-b' }] },
    {
      ...SAMPLE,
      cpu_seconds: 0,
      later: 1,
      gpus: [{ gpu: 'GPU-c', gpu_power_watts: null }, { gpu: 'GPU-a' }],
    },
  ];
  const expected = {
    columns: [
      [1, [5, Number.NaN, 0]],
      [14, [Number.NaN, 7, Number.NaN]],
    ],
    gpus: {
      samples: [1, 2, 2],
      names: ['GPU-a', 'GPU-c', 'GPU-a'],
      columns: [[28, [300, Number.NaN, Number.NaN]]],
    },
  };
  expect(withoutEmpty(await read({ samples }))).toMatchObject(expected);
  expect(withoutEmpty(await read(asColumns(samples)))).toMatchObject(expected);
  expect((await read({ samples: [SAMPLE] })).measures).toBeUndefined();
  expect((await read(asColumns([SAMPLE]))).measures).toBeUndefined();
});

const twice = [{ gpu: 'GPU-a' }, { gpu: 'GPU-a' }];
const REFUSED: [fields: object, message: string][] = [
  [{ cpu_seconds: -1 }, 'cpu_seconds must be at least 0.'],
  [{ cpu_seconds: '5' }, 'cpu_seconds must be a number.'],
  [
    { gpus: [{ gpu: 'a b' }] },
    'gpus.0.gpu must have 1 to 128 characters, none of them a blank or a control character.',
  ],
  [{ gpus: [{ gpu: 'a', gpu_power_watts: -1 }] }, 'gpus.0.gpu_power_watts must be at least 0.'],
  [{ gpus: twice }, 'gpus has "GPU-a" twice.'],
  [
    { gpus: Array.from({ length: 65 }, (_, n) => ({ gpu: `GPU-${n}` })) },
    'gpus must have at most 64 entries.',
  ],
];
test.each(REFUSED)(
  'a row with %j is refused in both shapes, and the others are stored',
  async (fields, message) => {
    const samples = [{ ...SAMPLE, ...fields }, SAMPLE];
    const bad = { count: 1, refusals: [{ index: 0, error: 'validation_error', message }] };
    expect(await read({ samples })).toMatchObject({ bad, indexes: [1] });
    expect(await read(asColumns(samples))).toMatchObject({ bad, indexes: [1] });
  },
);

test('an infinite number is refused', async () => {
  const { bad } = await read(
    '{"samples":[{"job_id":"a","cpu_usage":1,"memory_usage_mb":1,"cpu_seconds":1e999}]}',
  );
  expect(bad.refusals[0]?.message).toBe('cpu_seconds must be a number.');
});

const GOOD = { job_id: ['a', 'b'], cpu_usage: [1, 2], memory_usage_mb: [3, 4] };
const WHOLE: [body: unknown, message: string][] = [
  [{ columns: { ...GOOD, job_id: ['a'] } }, 'columns.job_id has 1 values, and columns.cpu_usage has 2'],
  [{ columns: { ...GOOD, cpu_seconds: 5 } }, 'columns.cpu_seconds must be a list.'],
  [{ columns: { ...GOOD, cpu_usage: 5 } }, 'columns.cpu_usage must be a list.'],
  [{ columns: { ...GOOD, node: 5 } }, 'columns.node must be a list.'],
  [{ columns: [] }, 'array called samples, or an object called columns'],
  [{ columns: GOOD, samples: [] }, 'both samples and columns'],
  [{ columns: GOOD, gpus: [] }, 'gpus must be an object with a list for each field.'],
  [{ columns: GOOD, gpus: { gpu: ['a'] } }, 'gpus.sample must be a list.'],
  [{ columns: GOOD, gpus: { sample: [0] } }, 'gpus.gpu must be a list.'],
  [{ columns: GOOD, gpus: { sample: [0], gpu: [] } }, 'gpus.gpu has 0 values, and gpus.sample has 1'],
  [
    { columns: GOOD, gpus: { sample: [2], gpu: ['a'] } },
    'gpus.sample.0 must be the index of one of the 2 samples',
  ],
  [{ columns: GOOD, gpus: { sample: [1, 0], gpu: ['a', 'a'] } }, 'gpus.sample.1 is less than the one before'],
  ['{"columns":{"job_id":[1,2}', 'not valid JSON'],
];
test.each(WHOLE)('the body %j is refused as a whole', async (body, message) => {
  await expect(read(body)).rejects.toThrow(message);
});

test('a batch has at most 100,000 samples and 200,000 readings of GPUs, in both shapes', async () => {
  const many = (count: number, value: unknown) => Array(count).fill(value);
  const samples = (count: number) => ({
    columns: { job_id: 'a', cpu_usage: many(count, 1), memory_usage_mb: many(count, 1) },
  });
  expect((await read(samples(100_000))).values.length).toBe(100_000);
  await expect(read(samples(100_001))).rejects.toThrow(
    'columns.cpu_usage has more than the allowed 100000 rows',
  );
  const gpus = { sample: many(200_001, 0), gpu: many(200_001, 'a') };
  await expect(read({ ...samples(1), gpus })).rejects.toThrow('more than the allowed 200000 rows');
  const row = { ...SAMPLE, gpus: Array.from({ length: 64 }, (_, n) => ({ gpu: `${n}` })) };
  await expect(read({ samples: many(3200, row) })).rejects.toThrow('at most 200000 readings of GPUs');
});

test('a large batch that arrives in pieces is read as one that is parsed at once', async () => {
  const rows = Array.from({ length: 10_000 }, (_, n) => ({
    job_id: `job-${n}`,
    node: n % 3 === 0 ? null : 'n1',
    cpu_usage: n % 1000 === 7 ? -1 : n / 100,
    memory_usage_mb: n,
    cpu_seconds: n / 8,
    gpus: n % 100 === 0 ? [{ gpu: 'GPU-a', gpu_power_watts: n }] : [],
  }));
  const [byRows, byColumns] = [await read({ samples: rows }), await read(asColumns(rows))];
  expect(JSON.stringify(asColumns(rows)).length).toBeGreaterThan(192 * 1024);
  expect(byColumns.bad.count).toBe(10);
  expect(withoutEmpty(byColumns)).toEqual(withoutEmpty(byRows));
});

test('a report is handed on, beside samples or alone', async () => {
  const report = { node: 'n1' };
  expect(await read({ report })).toMatchObject({ report, values: [] });
  expect(await read({ samples: [SAMPLE], report })).toMatchObject({ report, indexes: [0] });
  expect(await read({ ...asColumns([SAMPLE]), report })).toMatchObject({ report, indexes: [0] });
});
