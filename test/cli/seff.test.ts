import { expect, test } from 'bun:test';
import { listenTcp } from '../../src/service/listen.ts';
import { MINUTE_MS, pastJob } from '../help/builders.ts';
import { runLine } from '../help/command.ts';
import { startService } from '../help/service.ts';

const HOUR_MS = 60 * MINUTE_MS;

/** A service where alice looks, with jobs of the last days by the real clock, as `--since` counts. */
async function startServer() {
  const service = await startService({
    ways: [() => ({ name: 'root', uid: 0, proof: 'kernel', isLocal: true })],
  });
  const server = listenTcp(service.app, { host: '127.0.0.1', port: 0 });
  const ran = (hoursAgo: number) => ({
    state: 'completed' as const,
    startTimeMs: Date.now() - (hoursAgo + 1) * HOUR_MS,
    endTimeMs: Date.now() - hoursAgo * HOUR_MS,
  });
  const array = (id: number) => ({ details: { arrayJobId: '30', timeLimitSeconds: 7200, cpus: id } });
  await service.store.createJobs([
    pastJob('10', { user: 'root', ...ran(2) }),
    pastJob('20', { user: 'root', ...ran(24 * 20) }),
    pastJob('30_1', { user: 'bob', ...ran(50), ...array(1) }),
    pastJob('30_2', { user: 'bob', ...ran(49), ...array(2) }),
    pastJob('40', { user: 'bob', state: 'pending', startTimeMs: Date.now() }),
  ]);
  return {
    /** Returns the ids in the table. */
    async ids(...line: string[]): Promise<string[]> {
      const { output } = await runLine(['seff', ...line, '--server', server.url.href]);
      const [head, ...rows] = output.trimEnd().split('\n');
      if (head !== '') expect(head).toMatch(/^JobID +State +Elapsed +TimeEff +CPUEff +MemEff +GPUEff$/);
      return rows.map((row) => row.split(' ')[0]!);
    },
    run: async (...line: string[]) => (await runLine(['seff', ...line, '--server', server.url.href])).output,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await service[Symbol.asyncDispose]();
    },
  };
}

test('seff takes ids with blanks or commas, in their order, and all tasks of an array', async () => {
  await using server = await startServer();
  expect(await server.ids('20', '10')).toEqual(['20', '10']);
  expect(await server.ids('10,20')).toEqual(['10', '20']);
  expect(await server.ids('30', '10')).toEqual(['30_1', '30_2', '10']);
  expect(await server.ids('30')).toEqual(['30_1', '30_2']);
  expect(await server.run('30_1')).toStartWith('Job ID: 30_1\n');
  expect(await server.run('30')).toMatch(/^30_1 +COMPLETED +01:00:00 +50\.0% +--- +--- +---$/m);
});

test('seff lists own jobs of a week, those of a user, since a time, or by a filter', async () => {
  await using server = await startServer();
  expect(await server.ids()).toEqual(['10']);
  expect(await server.ids('--since', '30d')).toEqual(['10', '20']);
  expect(await server.ids('--user', 'bob', '--since=52h')).toEqual(['30_2', '30_1']);
  expect(await server.ids('--user=bob', '--since', '1h')).toEqual([]);
  expect(await server.ids('--filter', 'user:bob cpus:2')).toEqual(['30_2']);
  expect(await server.ids('--user', 'bob', '--limit', '1')).toEqual(['30_2']);
});

test('seff says what is wrong', async () => {
  await using server = await startServer();
  for (const [line, message] of [
    [['9'], 'There is no job with the id "9".'],
    [['9', '10'], 'There is no job with the id "9".'],
    [['10', '--user', 'bob'], 'Give either ids or --user, not both.'],
    [['--since', 'yesterday'], '--since: Write a time as 2h'],
    [['--filter', 'owner:x'], '--filter: There is no filter owner'],
    [['--limit', '0'], '--limit must be a number from 1 to 1000.'],
    [[Array(101).fill('1').join(',')], 'Name at most 100 jobs, or use --filter.'],
  ] as [string[], string][])
    await expect(server.run(...line)).rejects.toThrow(message);
});
