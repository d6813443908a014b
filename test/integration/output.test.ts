import { expect, test } from 'bun:test';
import { $ } from 'bun';
import { EXECUTABLE, serve } from '../help/executable.ts';

const JOBS = 4000;

test('output arrives whole at a slow reader, and commands end quietly without one and loudly on a full disk', async () => {
  await using service = await serve();
  const jobs = Array.from({ length: JOBS }, (_, index) => ({
    ...{ id: `job-${index}`, user: 'alice', nodes: ['n1'], name: 'x'.repeat(100) },
    start_time: '2026-01-20T12:00:00Z',
  }));
  const stored = await fetch(`${service.url}/v1/jobs/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jobs }),
  });
  expect(stored.status).toBe(200);
  const command = `${EXECUTABLE} jobs --all --limit 10000 --json --server ${service.url}`;
  const run = async (line: string) => {
    const { exitCode, stdout, stderr } = await $`bash -c ${`set -o pipefail; ${line}`}`.nothrow().quiet();
    return [exitCode, stdout.toString().trim(), stderr.toString().trim()];
  };
  expect(await run(`${command} | (sleep 0.5; wc -l)`)).toEqual([0, String(JOBS), '']);
  expect(await run(`${command} | wc -l`)).toEqual([0, String(JOBS), '']);
  const [exitCode, first, errors] = await run(`${command} | head -1`);
  expect([exitCode, errors, JSON.parse(first as string).user]).toEqual([0, '', 'alice']);
  const full = 'hpc-observe: The output cannot be written: there is no space left.';
  expect(await run(`${command} > /dev/full`)).toEqual([1, '', full]);
});
