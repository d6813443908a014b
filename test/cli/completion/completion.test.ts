import { expect, test } from 'bun:test';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { listenTcp } from '../../../src/service/listen.ts';
import { pastJob } from '../../help/builders.ts';
import { runLine } from '../../help/command.ts';
import { startService } from '../../help/service.ts';

const complete = async (line: string, env: Record<string, string> = {}, shell = 'bash') =>
  (await runLine(['completion', shell, '--line', `hpc-observe ${line}`], env)).output;
/** Candidates without their help; a blank at the end says that a word is whole. */
const words = async (line: string, env: Record<string, string> = {}) =>
  (await complete(line, env))
    .split('\n')
    .slice(0, -1)
    .map((one) => one.split('\t')[0]);

test('commands are completed, those of two words word by word', async () => {
  const first = new Set(Object.keys(COMMANDS).map((name) => `${name.split(' ')[0]} `));
  expect(await words('')).toEqual([...first]);
  expect(await words('que')).toEqual(['queue ']);
  expect(await words('token ')).toEqual(['create ', 'list ', 'revoke ']);
  expect(await words('help sl')).toEqual(['slurm ']);
  expect(await complete('se')).toContain('seff \tPrint the efficiency');
  expect(await words('nonsense ')).toEqual([]);
});

test('flags are completed once, lists again, and a value after its flag', async () => {
  expect(await words('jobs --li')).toEqual(['--limit ', '--listen ']);
  expect(await words('jobs --limit 5 --li')).toEqual(['--listen ']);
  expect(await words('jobs --listen x --li')).toEqual(['--limit ', '--listen ']);
  expect(await words('jobs --limit ')).toEqual([]);
  expect(await words('jobs ')).toContain('--json ');
  expect(await words('serve --log-level w')).toEqual(['warn ']);
  expect(await words('serve --log-level=w')).toEqual(['warn ']);
  expect(await words('serve --h')).toEqual(['--host ', '--health-access ', '--help ']);
  expect(await words('completion ')).toEqual(['bash ', 'zsh ', 'fish ']);
});

test('files and folders are left to the shell', async () => {
  expect(await complete('jobs --config ')).toBe(':files\n');
  expect(await complete('jobs --token-file=/r')).toBe(':files\n');
  expect(await complete('deploy ')).toBe(':folders\n');
});

test('a filter is completed in quotes and without, for bash with its signs escaped', async () => {
  expect(await words("jobs --filter 'gpus>=1 st")).toEqual(
    ['pending', 'running', 'completed', 'failed', 'cancelled'].map((state) => `gpus>=1 state:${state}`),
  );
  expect(await words("jobs --filter 'raw:ti")).toEqual(['raw:timeout']);
  expect(await words('jobs --filter gp')).toEqual(['gpus\\>', 'gpu\\<']);
  expect(await words('jobs --filter state:f')).toEqual(['failed ']);
  expect(await words('jobs --filter=state:f')).toEqual(['failed ']);
  expect(await complete('jobs --filter state:f', {}, 'fish')).toBe('state:failed\n');
  expect(await complete('jobs --filter state:f', {}, 'zsh')).toBe('state:failed \n');
});

test('ids of own jobs and names of users come from the service, and nothing if it does not answer', async () => {
  await using service = await startService({
    ways: [() => ({ name: 'alice', uid: 1000, proof: 'kernel', isLocal: true })],
  });
  const server = listenTcp(service.app, { host: '127.0.0.1', port: 0 });
  await service.store.createJobs([
    pastJob('4711', { details: { name: 'train' } }),
    pastJob('4812'),
    pastJob('4712', { user: 'bob' }),
  ]);
  const env = { HPC_OBSERVE_SERVER: server.url.href };
  expect(await complete('job 47', env)).toBe('4711 \trunning train\n');
  expect(await words('seff 4711,48', env)).toEqual(['4711,4812 ']);
  expect(await words('jobs --filter user:a', env)).toEqual(['alice ']);
  expect(await words(`jobs --server ${server.url.href} --filter 'user:a`)).toEqual(['user:alice']);
  await server.stop(true);
  expect(await words('job 47', env)).toEqual([]);
  expect(await words('job 47', { HPC_OBSERVE_SERVER: 'nonsense' })).toEqual([]);
});

test('a service that never answers is waited for half a second', async () => {
  using silent = Bun.serve({ port: 0, fetch: () => new Promise<Response>(() => {}) });
  const startedMs = performance.now();
  expect(await words('job 47', { HPC_OBSERVE_SERVER: silent.url.href })).toEqual([]);
  expect(performance.now() - startedMs).toBeLessThan(5000);
});
