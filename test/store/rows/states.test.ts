import { expect, test } from 'bun:test';
import { JOB_STATES } from '../../../src/domain/job.ts';
import { stateName, stateNumber } from '../../../src/store/rows/states.ts';
import { openForWriting } from '../../../src/store/sqlite/file/connection.ts';
import { openSqlite } from '../../../src/store/sqlite/open.ts';
import { pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { temporaryFolder } from '../../help/folder.ts';

test('the states of jobs have the numbers on disk that existing databases have', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openSqlite(path);
  const ended = { endTimeMs: NOON_MS };
  const end = { pending: {}, running: {}, completed: ended, failed: ended, cancelled: ended };
  await store.createJobs(JOB_STATES.map((state) => pastJob(state, { state, ...end[state] })));
  await store.close();
  using db = openForWriting(path);
  expect(db.query('SELECT id, state FROM job ORDER BY state').values()).toEqual([
    ['pending', 0],
    ['running', 1],
    ['completed', 2],
    ['failed', 3],
    ['cancelled', 4],
  ]);
  for (const table of ['job_node', 'job_count WHERE node > 0 AND user > 0', 'finished_count'])
    expect(db.query(`SELECT state FROM ${table} ORDER BY state`).values().flat()).toEqual(
      table === 'finished_count' ? [2, 3, 4] : [0, 1, 2, 3, 4],
    );
});

test('a state is read back from its number', () => {
  expect(JOB_STATES.map((state) => stateName(stateNumber(state)))).toEqual([...JOB_STATES]);
});
