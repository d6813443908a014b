import { expect, test } from 'bun:test';
import { type Field, isConfirmed, NOT_REPORTED } from '../../../../src/domain/run.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { readRanks, writeRanks } from '../../../../src/store/sqlite/jobs/ranks.ts';
import { MIGRATIONS } from '../../../../src/store/sqlite/migrations/index.ts';
import { openSqlite } from '../../../../src/store/sqlite/open.ts';
import { temporaryFolder } from '../../../help/folder.ts';

test('the ranks of fields are kept by name, and those of version 6 are read by the order that they had', () => {
  const ranks = { user: 3, nodes: 3, startTimeMs: 5, restarts: 2, suspendedSeconds: 4 } as const;
  expect(writeRanks(ranks)).toBe('2r3un4z5b');
  expect(readRanks(writeRanks(ranks))).toEqual(ranks);
  const inOrder = Object.entries(ranks).toReversed();
  expect(writeRanks(Object.fromEntries(inOrder))).toHaveLength(writeRanks(ranks).length);
  const old: Record<string, number> = {};
  const fields: Field[] = ['user', 'nodes', 'startTimeMs', 'name', 'account', 'partition', 'qos', 'cluster'];
  fields.push('submitTimeMs', 'timeLimitSeconds', 'cpus', 'memoryLimitMb', 'gpus', 'workDir', 'arrayJobId');
  fields.push('arrayTaskId', 'restarts');
  for (const [place, field] of fields.entries()) old[field] = (place % 5) + 1;
  expect(readRanks(fields.map((field) => old[field]).join(''))).toEqual(old);
  expect(readRanks('30500000000000000')).toEqual({ user: 3, startTimeMs: 5 });
  // Every field has a letter of its own.
  expect(readRanks(writeRanks(NOT_REPORTED.fields))).toEqual(NOT_REPORTED.fields);
});

test('the standings that indexes name are those of the domain', () => {
  const at = (standing: number) => isConfirmed({ provenance: { fields: {}, standing, standingMs: 0 } });
  expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map(at)).toEqual([...Array(6).fill(false), true, true, true]);
});

test('a database of version 6 keeps what is known of the runs of a job', async () => {
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
    // A start of accounting is better than that of squeue, which the old ranks have to say.
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
