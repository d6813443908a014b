import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { createRandom } from '../../../../src/demo/random.ts';
import type { JobSample } from '../../../../src/domain/store/samples.ts';
import type { Store } from '../../../../src/domain/store/store.ts';
import { MAX_UNSEALED_SAMPLES } from '../../../../src/domain/unsealed.ts';
import { ChunkError, unpackColumns } from '../../../../src/store/chunk/chunk.ts';
import { nameGpusOnce } from '../../../../src/store/chunk/row-measures.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { logShortener } from '../../../../src/store/sqlite/history/shorten-log.ts';
import { logWriter } from '../../../../src/store/sqlite/samples/log.ts';
import { groupCommitter } from '../../../../src/store/sqlite/writer/commit.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';
import { batchMeasures, type Further, listed, listedOne, readWide } from '../../../help/further.ts';
import { listReadings } from '../../../help/readings.ts';
import { openStore } from '../../../help/store.ts';

const DAY_MS = 86_400_000;
const NODES = ['n1', 'n2'];
const GPUS = ['GPU-a', 'GPU-b', 'MIG-ü'];
const job = (id: string) => ({
  id,
  user: 'alice',
  nodes: NODES,
  state: 'running' as const,
  startTimeMs: NOON_MS,
});

const wideSample = (timeMs: number, cpuUsage: number, fields: Partial<JobSample> = {}): JobSample => ({
  ...{ jobId: 'a', node: 'n1', timeMs, cpuUsage, memoryUsageMb: 1, stamped: false },
  ...fields,
});

async function sealAll(store: Store, nowMs = NOON_MS + DAY_MS): Promise<void> {
  for (let steps = 0; await store.expire({}, nowMs); steps++) expect(steps).toBeLessThan(10_000);
}

const seqOf = (db: Database, id: string) =>
  db.query<{ seq: number }, [string]>('SELECT seq FROM job WHERE id = ?').get(id)!.seq;

/** Returns the text of every sample of each node in order of time. */
function readNodes(path: string, id = 'a'): Record<string, string[]> {
  using db = new Database(path, { readonly: true });
  const { chunks, unsealed } = readWide(db, seqOf(db, id));
  const found: Record<string, string[]> = {};
  for (const { node, columns } of [...chunks, ...unsealed])
    found[node] = [...(found[node] ?? []), ...listed(columns)];
  return Object.fromEntries(Object.entries(found).map(([node, texts]) => [node, texts.sort()]));
}

function randomFurther(random: () => number): Further {
  const below = (count: number) => Math.floor(random() * count);
  const values = (codes: readonly number[]) =>
    Object.fromEntries(codes.filter(() => below(3) > 0).map((code) => [code, below(10_000) / 8]));
  if (below(4) === 0) return {};
  const gpus = GPUS.filter(() => below(3) === 0).map((gpu) => [gpu, values([25, 28])] as const);
  return {
    job: values([1, 2, 3, 5, 7, 8]),
    gpus: Object.fromEntries(gpus.filter(([, some]) => Object.keys(some).length > 0)),
  };
}

test.each([1, 2, 3])(
  'further measures stay with their samples in the log, in chunks, and merged with late ones (seed %d)',
  async (seed) => {
    using folder = temporaryFolder();
    const path = folder.file('a.db');
    const store = await openStore(path);
    await store.createJobs([job('a')]);
    const random = createRandom(seed);
    const below = (count: number) => Math.floor(random() * count);
    const known = new Map<string, { node: string; text: string }>();
    for (let round = 0; round < 12; round++) {
      const batch = Array.from({ length: 1 + below(400) }, (_, at) => {
        // A third is sent again or late, and some rows are refused.
        const timeMs = NOON_MS + (below(3) === 0 ? below(round * 100_000 + 1) : round * 100_000 + at * 250);
        const node = NODES[below(2)]!;
        const fields = below(20) === 0 ? { node: 'n9' } : { node };
        return { sample: wideSample(timeMs, below(100), fields), further: randomFurther(random) };
      });
      const result = await store.recordSamples(
        batch.map(({ sample }) => sample),
        batchMeasures(batch.map(({ further }) => further)),
      );
      for (const { sample, further } of batch) {
        const key = `${sample.node} ${sample.timeMs}`;
        if (sample.node === 'n9' || known.has(key)) continue;
        known.set(key, { node: sample.node!, text: listedOne(sample.timeMs, sample.cpuUsage, further) });
      }
      expect(result.stored).toBeGreaterThan(0);
      const wanted = Object.fromEntries(
        NODES.map((node) => [
          node,
          [...known.values()]
            .filter((one) => one.node === node)
            .map(({ text }) => text)
            .sort(),
        ]),
      );
      expect(readNodes(path)).toEqual(wanted);
      if (round % 3 !== 2) continue;
      await sealAll(store);
      expect(readNodes(path)).toEqual(wanted);
    }
    using db = new Database(path, { readonly: true });
    expect(db.query('SELECT count(*) FROM log').values()).toEqual([[1]]);
    await store.close();
  },
);

test('a batch larger than a transaction keeps each measure with its sample', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openStore(path);
  await store.createJobs([job('a')]);
  const count = 12_000;
  const further = Array.from(
    { length: count },
    (_, at): Further => ({
      job: { 1: at },
      ...(at % 3 === 0 && { gpus: { 'GPU-a': { 28: at + 0.5 }, [`GPU-${at % 7}`]: { 25: at % 100 } } }),
    }),
  );
  const samples = further.map((_, at) => wideSample(NOON_MS + at * 1000, at % 100));
  const measures = batchMeasures(further);
  expect(await store.recordSamples(samples, measures)).toMatchObject({ stored: count });
  expect(measures.columns.get(1)!.length).toBe(count);
  const texts = further.map((one, at) => listedOne(NOON_MS + at * 1000, at % 100, one)).sort();
  expect(readNodes(path).n1).toEqual(texts);
  await sealAll(store);
  expect(readNodes(path).n1).toEqual(texts);
  // Single samples and other batches may share a row of the log with it.
  await store.recordSample('a', wideSample(NOON_MS + DAY_MS, 1));
  expect(readNodes(path).n1).toEqual([...texts, listedOne(NOON_MS + DAY_MS, 1, {})]);
  await store.close();
});

test('writes of one transaction share a log row, and each sample has its own measures', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openStore(path);
  await store.createJobs([job('a')]);
  const batch = (at: number, ...list: Further[]) =>
    store.recordSamples(
      list.map((_, place) => wideSample(NOON_MS + at + place, at)),
      batchMeasures(list),
    );
  const gpus = { 'GPU-a': { 28: 300 } };
  await Promise.all([
    batch(0, { job: { 1: 1 } }, { job: { 1: 2 } }),
    store.recordSample('a', wideSample(NOON_MS + 10, 10)),
    batch(20, { gpus }, {}, { gpus: { 'GPU-b': { 28: 1 } } }),
    store.recordSamples([wideSample(NOON_MS + 30, 30)]),
    batch(40, { job: { 2: 4 }, gpus: { 'GPU-b': { 25: 7 } } }),
    batch(50, { job: { 1: 5 }, gpus: { 'GPU-b': { 25: 7, 28: 9 } } }),
  ]);
  {
    using db = new Database(path, { readonly: true });
    expect(db.query('SELECT count(*) FROM log').values()).toEqual([[1]]);
  }
  expect(readNodes(path).n1).toEqual([
    listedOne(NOON_MS, 0, { job: { 1: 1 } }),
    listedOne(NOON_MS + 1, 0, { job: { 1: 2 } }),
    listedOne(NOON_MS + 10, 10, {}),
    listedOne(NOON_MS + 20, 20, { gpus }),
    listedOne(NOON_MS + 21, 20, {}),
    listedOne(NOON_MS + 22, 20, { gpus: { 'GPU-b': { 28: 1 } } }),
    listedOne(NOON_MS + 30, 30, {}),
    listedOne(NOON_MS + 40, 40, { job: { 2: 4 }, gpus: { 'GPU-b': { 25: 7 } } }),
    listedOne(NOON_MS + 50, 50, { job: { 1: 5 }, gpus: { 'GPU-b': { 25: 7, 28: 9 } } }),
  ]);
  await store.close();
});

test('only the wanted measures are read, and the documented values stay as they are', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openStore(path);
  await store.createJobs([job('a')]);
  const further: Further[] = [
    { job: { 1: 1, 8: 4096 }, gpus: { 'GPU-b': { 25: 5, 28: 300 }, 'GPU-a': { 28: 200 } } },
    { job: { 8: 8192 } },
  ];
  await store.recordSamples(
    further.map((_, at) => wideSample(NOON_MS + at, at)),
    batchMeasures(further),
  );
  const before = await listReadings(store, 'a', {}, 10);
  const read = (codes: readonly number[], gpus: boolean) => {
    using db = new Database(path, { readonly: true });
    const { chunks, unsealed } = readWide(db, seqOf(db, 'a'), { codes, gpus });
    return [...chunks, ...unsealed].flatMap(({ columns }) => listed(columns));
  };
  for (const isSealed of [false, true]) {
    if (isSealed) await sealAll(store);
    expect(read([8, 28], false)).toEqual([`${NOON_MS} 0 :8=4096`, `${NOON_MS + 1} 1 :8=8192`]);
    expect(read([8, 28], true)).toEqual([`${NOON_MS} 0 GPU-a:28=200 GPU-b:28=300`, `${NOON_MS + 1} 1`]);
    expect(await listReadings(store, 'a', {}, 10)).toEqual(before);
  }
  await store.close();
});

test('samples without further measures cost no column and stay chunks of version 1', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openStore(path);
  await store.createJobs([job('a')]);
  await store.recordSamples([wideSample(NOON_MS, 1)]);
  await store.recordSamples([wideSample(NOON_MS + 1, 1)], batchMeasures([{}]));
  using db = new Database(path, { readonly: true });
  expect(db.query('SELECT further FROM log').values()).toEqual([[null], [null]]);
  await sealAll(store);
  expect(db.query('SELECT hex(substr(data, 1, 1)) FROM chunk WHERE tier = 0').values()).toEqual([['01']]);
  await store.close();
});

test('wide samples that become points leave their further measures behind', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openStore(path);
  await store.createJobs([job('a')]);
  const further = Array.from(
    { length: 2000 },
    (_, at): Further => ({ job: { 1: at }, gpus: { 'GPU-a': { 28: at } } }),
  );
  const samples = further.map((_, at) => wideSample(NOON_MS + at * 1000, at % 100));
  await store.recordSamples(samples.slice(0, 1000), batchMeasures(further.slice(0, 1000)));
  await sealAll(store);
  // These become points without having been a chunk.
  await store.recordSamples(samples.slice(1000), batchMeasures(further.slice(1000)));
  while (await store.expire({ sampleMs: 0 }, NOON_MS + 2 * DAY_MS));
  const { samples: points } = await listReadings(store, 'a', {}, 100);
  expect(points.map(({ point }) => point!.samples)).toEqual([900, 900, 200]);
  using db = new Database(path, { readonly: true });
  expect(db.query('SELECT DISTINCT tier FROM chunk').values()).toEqual([[1]]);
  await store.close();
});

test('wide samples that are late go into a chunk of samples without further measures, and the other way round', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openStore(path);
  await store.createJobs([job('a')]);
  const versions = () => {
    using db = new Database(path, { readonly: true });
    return db.query('SELECT hex(substr(data, 1, 1)), samples FROM chunk').values();
  };
  await store.recordSamples([wideSample(NOON_MS, 1), wideSample(NOON_MS + 2000, 1)]);
  await sealAll(store);
  expect(versions()).toEqual([['01', 2]]);
  await store.recordSamples([wideSample(NOON_MS + 1000, 2)], batchMeasures([{ job: { 1: 7 } }]));
  await sealAll(store);
  expect(versions()).toEqual([['02', 3]]);
  await store.recordSamples([wideSample(NOON_MS + 500, 3)]);
  await sealAll(store);
  expect(versions()).toEqual([['02', 4]]);
  expect(readNodes(path).n1).toEqual([
    listedOne(NOON_MS, 1, {}),
    listedOne(NOON_MS + 500, 3, {}),
    listedOne(NOON_MS + 1000, 2, { job: { 1: 7 } }),
    listedOne(NOON_MS + 2000, 1, {}),
  ]);
  await store.close();
});

test('a series that cannot be sealed keeps its further measures at the end of the log', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openStore(path);
  await store.createJobs([job('a')]);
  const further = Array.from(
    { length: 3000 },
    (_, at): Further => ({
      job: { 1: at },
      ...(at % 5 !== 0 && { gpus: { 'GPU-a': { 28: at }, 'GPU-b': { [at % 2 === 0 ? 25 : 28]: at } } }),
    }),
  );
  const samples = further.map((_, at) => wideSample(NOON_MS + at * 1000, at % 100));
  await store.recordSamples(samples, batchMeasures(further));
  const texts = readNodes(path).n1;
  {
    using db = new Database(path);
    db.run(`CREATE TRIGGER boom BEFORE INSERT ON chunk BEGIN SELECT RAISE(ABORT, 'a fault of ours'); END`);
  }
  await sealAll(store);
  expect(readNodes(path).n1).toEqual(texts!);
  {
    using db = new Database(path);
    expect(db.query('SELECT count(*) FROM chunk').values()).toEqual([[0]]);
    db.run('DROP TRIGGER boom');
  }
  await sealAll(store, NOON_MS + 2 * DAY_MS);
  expect(readNodes(path).n1).toEqual(texts!);
  using db = new Database(path, { readonly: true });
  expect(db.query('SELECT sum(samples) FROM chunk').values()).toEqual([[3000]]);
  await store.close();
});

test('late samples beside a damaged chunk with further measures go into a chunk of their own', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openStore(path);
  await store.createJobs([job('a')]);
  await store.recordSamples(
    [wideSample(NOON_MS, 1), wideSample(NOON_MS + 2, 1)],
    batchMeasures([{ job: { 1: 7 } }, {}]),
  );
  await sealAll(store);
  {
    using db = new Database(path);
    db.run("UPDATE chunk SET data = CAST(substr(data, 1, length(data) - 1) || x'99' AS BLOB)");
  }
  await store.recordSamples([wideSample(NOON_MS + 1, 2)], batchMeasures([{ job: { 1: 8 } }]));
  await sealAll(store);
  using db = new Database(path, { readonly: true });
  const chunks = db
    .query<{ samples: number; data: Uint8Array }, []>('SELECT samples, data FROM chunk ORDER BY seq')
    .all();
  expect(chunks.map(({ samples }) => samples)).toEqual([2, 1]);
  expect(() => unpackColumns(chunks[0]!.data)).toThrow(ChunkError);
  expect(listed(unpackColumns(chunks[1]!.data, 'all'))).toEqual([
    listedOne(NOON_MS + 1, 2, { job: { 1: 8 } }),
  ]);
  await store.close();
});

test('a series with a hundred columns is sealed in parts of some ten thousand values', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openStore(path);
  await store.createJobs([job('a')]);
  const gpus = Object.fromEntries(
    Array.from({ length: 16 }, (_, at) => [`GPU-${at}`, { 25: 1, 26: 2, 27: 3, 28: 4, 29: 5, 30: 0 }]),
  );
  const further = Array.from({ length: 4000 }, (): Further => ({ job: { 1: 1 }, gpus }));
  const samples = further.map((_, at) => wideSample(NOON_MS + at * 1000, at % 100));
  await store.recordSamples(samples, batchMeasures(further));
  using db = new Database(path, { readonly: true });
  const rows = db
    .query<{ samples: number; bytes: number }, []>(
      'SELECT length(series) / 4 AS samples, length(further) AS bytes FROM log',
    )
    .all();
  expect(Math.max(...rows.map(({ bytes }) => bytes))).toBeLessThan(200_000);
  await sealAll(store);
  const chunks = db.query<{ samples: number }, []>('SELECT samples FROM chunk').all();
  expect(chunks.reduce((sum, one) => sum + one.samples, 0)).toBe(4000);
  // 24,000 values of 101 columns, and at least half of that.
  for (const one of chunks.slice(0, -1)) expect(one.samples).toBeWithin(120, 241);
  const { samples: readings } = await store.listSamples('a', { codes: [28], by: 'gpu' }, 100_000);
  expect(readings.count).toBe(16 * 4000);
  await store.close();
});

test.each([
  ['from the first row on', 0],
  ['behind rows without any', 4000],
])(
  'a series with many further measures is gathered in parts of some ten thousand values, %s',
  (_, narrow) => {
    using folder = temporaryFolder();
    const path = folder.file('a.db');
    using db = openForWriting(path);
    migrate(db, path);
    const commitGroup = groupCommitter(db);
    commitGroup([{ kind: 'createJobs', jobs: [job('a')] }]);
    const count = 4000;
    const samplesFrom = (startMs: number) =>
      Array.from({ length: count }, (_, at) => wideSample(startMs + at, 1));
    if (narrow > 0) commitGroup([{ kind: 'recordSamples', samples: samplesFrom(NOON_MS).slice(0, narrow) }]);
    const columns = new Map(
      Array.from({ length: 60 }, (_, at) => [at + 1, new Float64Array(count).fill(at)]),
    );
    const further = nameGpusOnce({ columns });
    commitGroup([{ kind: 'recordSamples', samples: samplesFrom(NOON_MS + 10_000), further }]);
    const parts: number[] = [];
    let sealed = 0;
    const { shorten } = logShortener(db, logWriter(db), (_job, _node, part) => {
      const measured = (part.further ?? []).map(
        ({ values }) => values.filter((one) => !Number.isNaN(one)).length,
      );
      parts.push(measured.reduce((sum, one) => sum + one, 4 * part.count));
      sealed += part.count;
    });
    const rules = { olderThanMs: NOON_MS + DAY_MS, beforeMs: 0, maxUnsealed: MAX_UNSEALED_SAMPLES };
    const shortTime = () => {
      let left = 3;
      return () => left-- <= 0;
    };
    for (let steps = 0; shorten(rules, shortTime()); steps++) expect(steps).toBeLessThan(1000);
    expect(sealed).toBe(narrow + count);
    // A part ends with a whole row of the log, which has up to 24,000 further values.
    expect(Math.max(...parts)).toBeLessThan(64_000);
  },
);

test('samples that each name other GPUs keep their documented values and a bounded number of readings', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openStore(path);
  await store.createJobs([job('a')]);
  const further = Array.from(
    { length: 3000 },
    (_, at): Further => ({
      job: { 1: at },
      gpus: Object.fromEntries(Array.from({ length: 8 }, (_, gpu) => [`GPU-${at}-${gpu}`, { 28: at }])),
    }),
  );
  const samples = further.map((_, at) => wideSample(NOON_MS + at * 1000, at % 100));
  await store.recordSamples(samples, batchMeasures(further));
  await sealAll(store);
  using db = new Database(path, { readonly: true });
  const { chunks } = readWide(db, seqOf(db, 'a'));
  const columns = chunks.map((chunk) => chunk.columns);
  expect(columns.reduce((sum, { count }) => sum + count, 0)).toBe(3000);
  for (const { further: found = [] } of columns) expect(found.length).toBeLessThan(1025);
  const counters = columns.flatMap(({ further: found = [] }) => [
    ...(found.find(({ gpu }) => gpu === '')?.values ?? []),
  ]);
  expect(counters).toEqual(further.map((_, at) => at));
  // Without a bound these were 904, and one step took 11 s.
  expect(chunks.length).toBeLessThan(200);
  await store.close();
});
