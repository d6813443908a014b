import { expect, test } from 'bun:test';
import { UsageError } from '../../src/domain/errors.ts';
import { listenTcp } from '../../src/service/listen.ts';
import { errorOf } from '../client/help.ts';
import { MINUTE_MS, pastJob } from '../help/builders.ts';
import { NOON_MS } from '../help/clock.ts';
import { runLine } from '../help/command.ts';
import { startService } from '../help/service.ts';

async function startServer() {
  const service = await startService({
    ways: [() => ({ name: 'alice', uid: 1000, proof: 'kernel', isLocal: true })],
  });
  const server = listenTcp(service.app, { host: '127.0.0.1', port: 0 });
  await service.store.createJobs([
    pastJob('4711', {
      state: 'completed',
      endTimeMs: NOON_MS + 30 * MINUTE_MS,
      details: { gpus: 2, cpus: 8, name: 'train' },
    }),
    pastJob('4712', { user: 'bob' }),
  ]);
  await service.store.recordSamples(
    Array.from({ length: 30 }, (_, minute) => ({
      ...{
        jobId: '4711',
        timeMs: NOON_MS + minute * MINUTE_MS,
        cpuUsage: 90,
        memoryUsageMb: 1024,
        gpuUsage: 0,
      },
      stamped: false,
    })),
  );
  return {
    store: service.store,
    run: (...line: string[]) => runLine([...line, '--server', server.url.href]),
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await service[Symbol.asyncDispose]();
    },
  };
}

test('job prints a report, and JSON for programs', async () => {
  await using server = await startServer();
  const { exitCode, output } = await server.run('job', '4711');
  expect(exitCode).toBe(0);
  expect(output).toStartWith('job 4711 train  completed\nuser alice, 1 node, 8 CPUs, 2 GPUs\n');
  expect(output).toContain('WASTE It held 2 GPUs and used none in 29 min.');
  const json = JSON.parse((await server.run('job', '4711', '--json')).output);
  expect(json).toMatchObject({
    run: 1,
    id: '4711',
    summary: { samples: 30, nodes: [{ node: 'n1' }] },
    findings: { verdict: 'It held 2 GPUs and used none in 29 min.', findings: [{ kind: 'gpu-unused' }] },
    sizing: { runs: 0, script: [] },
  });
});

test('seff prints one job as seff does, and several as a table', async () => {
  await using server = await startServer();
  expect((await server.run('seff', '4711')).output).toContain(
    'CPU Efficiency: 90.00% of 04:00:00 core-walltime',
  );
  expect((await server.run('seff', '4711,4711')).output.split('\n')).toHaveLength(4);
});

test('a job of somebody else is unknown, as one that does not exist', async () => {
  await using server = await startServer();
  const sentences = [];
  for (const id of ['4712', '9999']) {
    const error = (await errorOf(server.run('job', id))) as Error;
    sentences.push(error.message.replace(id, 'ID'));
  }
  expect(sentences[0]).toContain('ID');
  expect(sentences[1]).toBe(sentences[0]!);
});

test('a run that a job does not have is refused with those that it has', async () => {
  await using server = await startServer();
  const error = await errorOf(server.run('job', '4711', '--run', '7'));
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message).toBe('Job 4711 has no run 7; its runs are 1 to 1.');
  await expect(server.run('job', '4711', '--run', '0')).rejects.toThrow('--run must be a number from 1 on.');
});

test('jobs lists the own jobs, or all that match a filter, as a table and as JSON', async () => {
  await using server = await startServer();
  const own = (await server.run('jobs')).output.split('\n');
  expect(own[0]).toMatch(/^job +state +user +name/);
  expect(own[1]).toMatch(/^4711 +completed +alice +train +1 +8 +2 +30 min +90 % +1 GB +0 %$/);
  expect(own).toHaveLength(3);
  expect((await server.run('jobs', '--all', '--filter', 'gpus>=4')).output).toBe('');
  const json = (await server.run('jobs', '--filter', 'name:train', '--json')).output;
  expect(
    json
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id),
  ).toEqual(['4711']);
  await expect(server.run('jobs', '--filter', 'owner:x')).rejects.toThrow(
    '--filter: There is no filter owner; there are state,',
  );
  await expect(server.run('jobs', '--limit', '0')).rejects.toThrow(
    '--limit must be a number from 1 to 10000.',
  );
});

test('queue prints who waits and for what', async () => {
  await using server = await startServer();
  expect((await server.run('queue')).output).toBe('No job waits.\n');
  expect(JSON.parse((await server.run('queue', '--json')).output)).toMatchObject({ jobs: 0 });
});

test('the number of an array prints all of its tasks together', async () => {
  await using server = await startServer();
  await server.store.createJobs([
    ...Array.from({ length: 6 }, (_, arrayTaskId) =>
      pastJob(`4700_${arrayTaskId}`, {
        ...(arrayTaskId < 5 && { state: 'failed', endTimeMs: NOON_MS + MINUTE_MS }),
        details: { name: 'sweep', arrayJobId: '4700', arrayTaskId, ...(arrayTaskId < 5 && { exitCode: 2 }) },
      }),
    ),
  ]);
  const { exitCode, output } = await server.run('job', '4700');
  expect(exitCode).toBe(0);
  expect(output).toStartWith('array 4700 sweep\nuser alice, 6 tasks\n5 failed, 1 running\n');
  expect(output).toContain('HARM All 5 tasks that ended failed: ended with exit code 2.');
  expect(output).toContain('  → --array=0-4, once the reason is mended.');
  const json = JSON.parse((await server.run('job', '4700', '--json')).output);
  expect(json).toMatchObject({ array_job_id: '4700', findings: { findings: [{ kind: 'array-failed' }] } });
  expect(((await errorOf(server.run('job', '4799'))) as Error).message).toContain('4799');
});

test('waste prints who held what they did not use', async () => {
  await using server = await startServer();
  expect((await server.run('waste', '--since', '2026-01-01', '--until', '2026-01-02')).output).toBe(
    'No job ended from 2026-01-01 to 2026-01-02 UTC.\n',
  );
  const { output } = await server.run(
    'waste',
    '--by',
    'partition',
    '--sort',
    'cpu',
    '--since',
    '7d',
    '--until',
    '1d',
    '--json',
  );
  expect(JSON.parse(output)).toMatchObject({ group_by: 'partition', sort: 'cpu_hours', total: 0 });
  for (const [flags, fault] of [
    [['--by', 'node'], 'Sums by node are of all jobs, which you may not see'],
    [['--by', 'day'], '--by must be user, account, partition or node.'],
    [['--sort', 'gpus'], '--sort must be gpu, cpu or memory.'],
    [
      ['--since', 'yesterday'],
      '--since must be how long ago, such as 7d, or a time such as 2026-01-20T10:00.',
    ],
    [['--until', '7d user:x'], '--until must be how long ago'],
    [['--limit', '0'], '--limit must be a number from 1 to 10000.'],
  ] as const)
    await expect(server.run('waste', ...flags)).rejects.toThrow(fault);
});
