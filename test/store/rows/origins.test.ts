import { expect, test } from 'bun:test';
import {
  FIELDS,
  type Field,
  isConfirmed,
  isReported,
  type Origin,
  UNCONFIRMED_VERDICTS,
  VERDICTS,
} from '../../../src/domain/trust.ts';
import { readOrigins, writeOrigins } from '../../../src/store/rows/origins.ts';
import { openForWriting } from '../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../src/store/sqlite/file/migrate.ts';
import { MIGRATIONS } from '../../../src/store/sqlite/migrations/index.ts';
import { openSqlite } from '../../../src/store/sqlite/open.ts';
import { temporaryFolder } from '../../help/folder.ts';

/** What existing databases contain: never change a line of it. */
const ON_DISK: [origin: Origin, field: Field, text: string][] = [
  ['api', 'user', 'Au'],
  ['absence', 'nodes', 'Xn'],
  ['clock', 'startTimeMs', 'Cb'],
  ['squeue', 'name', 'Qj'],
  ['hook', 'account', 'Ha'],
  ['sacct', 'partition', 'Sp'],
  ['jobcomp', 'qos', 'Jq'],
  ['api', 'cluster', 'Ac'],
  ['api', 'submitTimeMs', 'As'],
  ['api', 'timeLimitSeconds', 'At'],
  ['api', 'cpus', 'Ax'],
  ['api', 'memoryLimitMb', 'Am'],
  ['api', 'gpus', 'Ag'],
  ['api', 'workDir', 'Aw'],
  ['api', 'arrayJobId', 'Ai'],
  ['api', 'arrayTaskId', 'Ak'],
  ['api', 'restarts', 'Ar'],
  ['api', 'suspendedSeconds', 'Az'],
  ['sacct', 'energyJoules', 'Se'],
  ['sacct', 'energyMethod', 'Sy'],
  ['squeue', 'nodeCount', 'Qo'],
  ['squeue', 'arrayTaskLimit', 'Ql'],
];
test.each(ON_DISK)('the origin %s of %s is stored as %s', (origin, field, text) => {
  expect(writeOrigins({ [field]: origin })).toBe(text);
  expect(readOrigins(text)).toEqual({ [field]: origin });
});

test('the origin of every field is stored, and unknown letters are ignored', () => {
  expect(ON_DISK.map(([, field]) => field).sort()).toEqual([...FIELDS].sort());
  const origins = { user: 'hook', nodes: 'hook', startTimeMs: 'jobcomp', restarts: 'squeue' } as const;
  expect(writeOrigins(origins)).toBe('HunJbQr');
  expect(writeOrigins(Object.fromEntries(Object.entries(origins).toReversed()))).toHaveLength(7);
  expect(readOrigins('HunJbQrZuHé')).toEqual(origins);
});

test('the names of verdicts are those of the indexes', () => {
  const sourced = VERDICTS.map((verdict) => ({ provenance: { fields: {}, verdict, verdictMs: 0 } }));
  const namesOf = (some: typeof sourced) => some.map(({ provenance }) => provenance.verdict);
  expect(namesOf(sourced.filter(isConfirmed))).toEqual(['squeue', 'sacct', 'jobcomp']);
  const unconfirmed = sourced.filter((one) => isReported(one) && !isConfirmed(one));
  expect(namesOf(unconfirmed)).toEqual(['none', ...UNCONFIRMED_VERDICTS]);
});

/** The numbers of version 13, and the verdicts that they meant. */
const OLD_VERDICTS: [number: number, state: number, verdict: string][] = [
  [0, 0, 'none'],
  [1, 1, 'api'],
  [2, 0, 'pending'],
  [3, 1, 'running'],
  [4, 3, 'absence'],
  [5, 2, 'hook'],
  [6, 2, 'squeue'],
  [7, 2, 'sacct'],
  [8, 2, 'jobcomp'],
];

test('the ranks and standings of version 13 become names, in the latest runs and in earlier ones', async () => {
  using folder = temporaryFolder();
  const path = folder.file('old.db');
  const fields = '1j2r3un4z5b';
  {
    using db = openForWriting(path);
    migrate(db, path, MIGRATIONS.slice(0, 13));
    db.run("INSERT INTO user (id, name) VALUES (1, 'alice'); INSERT INTO node (id, name) VALUES (1, 'n1');");
    for (const [standing, state] of OLD_VERDICTS) {
      const end = state < 2 ? null : 30_000;
      db.query('INSERT INTO job VALUES (?, ?, 1, 1, ?, 20000, ?, 1, 0)').run(
        standing + 1,
        `${standing}`,
        state,
        end,
      );
      db.query(
        'INSERT INTO detail (job, name, restarts, sources, standing, standing_ms) VALUES (?, ?, 1, ?, ?, 99)',
      ).run(standing + 1, 'x', standing === 1 ? '' : fields, standing);
      const run = { user: 'alice', nodes: ['n1'], state: 'failed', startTimeMs: 10_000, endTimeMs: 11_000 };
      const provenance = { fields, standing, standingMs: 99 };
      db.query('INSERT INTO past_run (seq, job, run, told) VALUES (?, ?, ?, 99)').run(
        standing + 101,
        `${standing}`,
        JSON.stringify({ ...run, name: 'ü "1.50"', provenance }),
      );
    }
  }
  const store = await openSqlite(path);
  const listed = await store.listUnconfirmed(0);
  expect(listed).toContainEqual({ id: '4', hasEnded: true, lacksRuns: true });
  expect((await store.getJob('8')).isEndConfirmed).toBe(true);
  expect((await store.getJob('5')).isEndConfirmed).toBe(false);
  await store.close();
  using db = openForWriting(path);
  const verdicts = OLD_VERDICTS.map(([, , verdict]) => verdict);
  expect(db.query('SELECT verdict FROM detail ORDER BY job').values().flat()).toEqual(verdicts);
  expect(db.query('SELECT verdict FROM past_run ORDER BY seq').values().flat()).toEqual(verdicts);
  const texts = db.query('SELECT DISTINCT sources, verdict_ms FROM detail ORDER BY sources').values();
  expect(texts).toEqual([
    ['', 99],
    ['AjHunJbQrSz', 99],
  ]);
  const { run } = db.query<{ run: string }, []>('SELECT run FROM past_run WHERE seq = 108').get()!;
  expect(JSON.parse(run)).toEqual({
    ...{ user: 'alice', nodes: ['n1'], state: 'failed', startTimeMs: 10_000, endTimeMs: 11_000 },
    ...{ name: 'ü "1.50"' },
    provenance: { fields: 'AjHunJbQrSz', verdict: 'sacct', verdictMs: 99 },
  });
});

test('a database of version 6 keeps its runs and the origins of their fields', async () => {
  using folder = temporaryFolder();
  const path = folder.file('old.db');
  {
    using db = openForWriting(path);
    migrate(db, path, MIGRATIONS.slice(0, 6));
    db.run(`INSERT INTO user (id, name) VALUES (1, 'alice'); INSERT INTO node (id, name) VALUES (1, 'n1');
      INSERT INTO job (seq, id, user, first_node, state, start_time, started, end_time) VALUES (2, '7', 1, 1, 1, 30000, 1, NULL);
      INSERT INTO job_node (job, node, position, user, state, start_time) VALUES (2, 1, 0, 1, 1, 30000);
      INSERT INTO detail (job, name, restarts, sources, standing, standing_ms) VALUES (2, 'new', 1, '32320000000000002', 3, 31000);`);
    const run = {
      ...{ user: 'alice', nodes: ['n1'], state: 'running', startTimeMs: 10_000, name: 'old' },
      provenance: { fields: '32320000000000000', standing: 3, standingMs: 11_000 },
    };
    db.query('INSERT INTO past_run (seq, job, run) VALUES (1, ?, ?)').run('7', JSON.stringify(run));
  }
  const store = await openSqlite(path);
  try {
    const told = async () =>
      (await Array.fromAsync(store.streamRuns('7'))).map(({ job }) => [
        job.state,
        job.startTimeMs,
        job.details?.name,
      ]);
    expect(await told()).toEqual([
      ['running', 30_000, 'new'],
      ['failed', 10_000, 'old'],
    ]);
    // A start of accounting is trusted more than that of squeue, which the old digits have to say.
    await store.applyReports([
      {
        source: 'hook',
        observedMs: 12_000,
        id: '7',
        startTimeMs: 12_000,
        isStartRough: true,
        restarts: 0,
        name: 'hook',
      },
      {
        ...{ source: 'sacct', observedMs: 40_000, id: '7', sluid: 's0000000000001', state: 'cancelled' },
        ...{ startTimeMs: 10_000, endTimeMs: 20_000, rawState: 'REQUEUED' },
      } as const,
    ]);
    expect(await told()).toEqual([
      ['running', 30_000, 'new'],
      ['cancelled', 10_000, 'hook'],
    ]);
  } finally {
    await store.close();
  }
});
