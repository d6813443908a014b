import { expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';

const DAY_MS = 86_400_000;
/** Samples of long ago would become points while the test runs. */
const DAY = new Date(Date.now() - 2 * DAY_MS).toISOString().slice(0, 10);
const NEXT_DAY = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
const at = (time: string) => `${DAY}T${time}.000Z`;

async function post(url: string, body: unknown): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(await answer.json()).toMatchObject({ refused: 0, errors: [] });
}

test('jobs that ended on a day, their summaries and samples are written as Parquet and as JSON lines', async () => {
  using folder = temporaryFolder();
  await using server = await serve({ folder: folder.path });
  const job = { user: 'ålice "x"', nodes: ['n1', 'n2'], state: 'completed', start_time: at('10:00:00') };
  await post(`${server.url}/v1/jobs/batch`, {
    jobs: [
      {
        id: 'a',
        ...job,
        end_time: at('12:00:00'),
        partition: 'batch',
        cpus: 64,
        memory_limit_mb: 2 ** 33,
      },
      { id: 'b', ...job, end_time: at('23:59:59') },
      { id: 'next day', ...job, end_time: `${NEXT_DAY}T00:00:00Z` },
      { id: 'runs', user: 'bob', nodes: ['n1'], state: 'running', start_time: at('10:00:00') },
    ],
  });
  const sample = (time: string, node: string, cpu: number) => ({
    ...{ job_id: 'a', timestamp: at(time), node, cpu_usage: cpu, memory_usage_mb: 100 },
  });
  await post(`${server.url}/v1/samples`, {
    samples: [sample('10:00:30', 'n1', 50), sample('10:01:00', 'n1', 70.5), sample('10:00:30', 'n2', 0)],
  });
  const run = (...line: string[]) =>
    runExecutable(['export', 'out', '--since', DAY, '--until', NEXT_DAY, '--server', server.url, ...line], {
      folder: folder.path,
    });

  const all = ['--tables', 'jobs,summaries,samples'];
  const written = await run(...all);
  expect(written).toMatchObject({ exitCode: 0, stderr: '' });
  expect(written.stdout.trim().split('\n')).toEqual([
    `out/jobs/${DAY}.parquet: 2 rows`,
    `out/summaries/${DAY}.parquet: 3 rows`,
    `out/samples/${DAY}.parquet: 3 rows`,
  ]);
  expect(await run(...all, '--format', 'ndjson')).toMatchObject({ exitCode: 0, stderr: '' });

  for (const table of ['jobs', 'summaries', 'samples']) {
    const path = folder.file(`out/${table}/${DAY}`);
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(`${path}.parquet`) });
    const lines = readFileSync(`${path}.ndjson`, 'utf8').trim().split('\n');
    expect(rows.map(plain)).toEqual(lines.map((line) => JSON.parse(line)));
    expect(readdirSync(folder.file(`out/${table}`)).sort()).toEqual([`${DAY}.ndjson`, `${DAY}.parquet`]);
  }
  const [first] = await parquetReadObjects({
    file: await asyncBufferFromFile(folder.file(`out/jobs/${DAY}.parquet`)),
  });
  expect(first).toMatchObject({
    ...{ job_id: 'a', user: 'ålice "x"', nodes: 'n1,n2', node_count: 2n, memory_limit_mb: 2n ** 33n },
    ...{ end_time: new Date(at('12:00:00')), qos: null },
  });

  const refused = await run('--tables', 'jobs,tasks');
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('"tasks" is none of jobs') });
  await server.stop();
  const away = await run('--tables', 'jobs');
  expect(away.exitCode).toBe(1);
  expect(away.stderr).toContain('No service answers');
  expect(existsSync(folder.file(`out/jobs/${DAY}.parquet.partial`))).toBe(false);
}, 60_000);

/** A row of Parquet as JSON has it. */
function plain(row: Record<string, unknown>): Record<string, unknown> {
  const cells = Object.entries(row).filter(([, cell]) => cell !== null);
  return Object.fromEntries(
    cells.map(([name, cell]) => {
      if (cell instanceof Date) return [name, cell.toISOString()];
      return [name, typeof cell === 'bigint' ? Number(cell) : cell];
    }),
  );
}
