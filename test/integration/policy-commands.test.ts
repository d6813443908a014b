import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EXECUTABLE, runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { until } from '../help/scenario.ts';
import { testAsRoot } from '../help/tool.ts';
import { createUser } from '../help/user.ts';

const DEPLOYED = resolve(import.meta.dir, '../../deploy/policies.toml');

const POLICY = `[policy.gpu-unused]
says = "Ask for no GPU."
looks_at = "ended"
job.gpu_max_percent = "<= 0"
total.gpu_hours = ">= 0.4"
tell = ["user"]
by = ["page"]
`;

async function post(url: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.text()).toBe(true);
}

/** A job of half an hour that ended an hour ago; its GPU was not used, unless `gpu` says otherwise. */
async function addJob(url: string, id: string, user: string, gpu = 0): Promise<void> {
  const at = (minute: number) => new Date(Date.now() - 90 * 60_000 + 60_000 * minute).toISOString();
  const job = { id, user, nodes: ['n1'], state: 'completed', start_time: at(0), end_time: at(30), gpus: 1 };
  await post(url, 'jobs/batch', { jobs: [{ ...job, account: 'physics', name: 'a\u202eb' }] });
  const samples = Array.from({ length: 31 }, (_, minute) => ({
    ...{ job_id: id, timestamp: at(minute), cpu_usage: 50, memory_usage_mb: 10, gpu_usage: gpu },
  }));
  await post(url, 'samples', { samples });
}

test('policy check prints what each policy says, or every fault with its line', async () => {
  using folder = temporaryFolder();
  const check = (path: string) => runExecutable(['policy', 'check', path], { folder: folder.path });
  const right = await check(DEPLOYED);
  expect([right.exitCode, right.stderr]).toEqual([0, '']);
  expect(right.stdout).toMatch(
    /^gpu-idle +running, 15 min +tells user by mail +gpus >= 1, gpu_idle_minutes >= 15$/m,
  );
  expect(right.stdout).toMatch(/^gpu-idle-cancel .*; cancels /m);
  expect(right.stdout).toMatch(/gpu_max_percent <= 0, total\.gpu_hours >= 100$/m);
  expect(right.stdout).toEndWith(`${DEPLOYED} is right.\n`);
  writeFileSync(folder.file('p.toml'), POLICY.replace('gpu_max', 'gpu_mx').replace('"page"', '"pigeon"'));
  const wrong = await check('p.toml');
  expect([wrong.exitCode, wrong.stdout]).toEqual([1, '']);
  expect(wrong.stderr.split('\n')).toEqual([
    'p.toml:4: policy "gpu-unused": job.gpu_mx_percent is not a figure. Did you mean gpu_max_percent?',
    expect.stringMatching(/^p\.toml:7: policy "gpu-unused": by must be a list of texts such as .* "pigeon"/),
    '',
  ]);
  writeFileSync(folder.file('p.toml'), '[policy.x\n');
  expect((await check('p.toml')).stderr).toMatch(/^p\.toml:2: is not valid TOML: /);
  const missing = await check('none.toml');
  expect([missing.exitCode, missing.stderr]).toEqual([
    1,
    'hpc-observe: none.toml cannot be read: there is no such file or folder.\n',
  ]);
});

test('policy try shows whom a file would have reached, and stores nothing', async () => {
  await using server = await serve();
  const run = (...args: string[]) =>
    runExecutable(['policy', ...args, '--server', server.url], { folder: server.folder });
  writeFileSync(`${server.folder}/p.toml`, POLICY);
  await addJob(server.url, '1', 'alice');
  await addJob(server.url, '2', 'bob', 80);
  const tried = await run('try', 'p.toml', '--since', '1d');
  expect([tried.exitCode, tried.stderr]).toEqual([0, '']);
  expect(tried.stdout).toBe(
    [
      'gpu-unused: tells 1 recipient',
      '  user alice',
      '    Together: 0.50 GPU-hours.',
      '    job 1 a\ufffdb: GPU at most 0 %.',
      '',
    ].join('\n'),
  );
  const json = JSON.parse((await run('try', 'p.toml', '--json')).stdout);
  expect(json).toMatchObject({
    policies: [{ policy: 'gpu-unused', cancels: false, notices: [{ name: 'alice' }] }],
    partial: false,
  });
  writeFileSync(`${server.folder}/p.toml`, POLICY.replace('>= 0.4', '>= 99'));
  expect((await run('try', 'p.toml')).stdout).toBe('gpu-unused: nobody\n');
  expect(await run('try', 'p.toml', '--since', '5m')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'hpc-observe: --since must be a time from 1h to 90d, such as 7d.\n',
  });
  writeFileSync(`${server.folder}/p.toml`, POLICY.replace('says', 'say'));
  const wrong = await run('try', 'p.toml');
  expect([wrong.exitCode, wrong.stdout]).toEqual([1, '']);
  expect(wrong.stderr).toContain('p.toml:1: policy "gpu-unused": says is missing.');
  expect(JSON.parse((await run('log', '--json')).stdout)).toEqual({ policies: [], notices: [], acts: [] });
});

test('policy log lists whom policies told, over a file that is read again', async () => {
  using folder = temporaryFolder();
  {
    // Jobs that ended are looked at once an hour, from the start on.
    await using server = await serve({ folder: folder.path });
    expect(
      (await runExecutable(['policy', 'log', '--server', server.url], { folder: folder.path })).stdout,
    ).toBe('The service has no policies; see serve --policies.\n');
    await addJob(server.url, '1', 'alice');
    await addJob(server.url, '2', 'eve');
    await server.stop();
  }
  writeFileSync(folder.file('p.toml'), POLICY.replace('["user"]', '["user", "coordinators"]'));
  const args = ['--policies', 'p.toml', '--slurm-interval', '1s', '--coordinators', 'carl=physics'];
  await using server = await serve({ folder: folder.path, args });
  const log = (...args: string[]) =>
    runExecutable(['policy', 'log', ...args, '--server', server.url], { folder: folder.path });
  await until('all are told', async () => JSON.parse((await log('--json')).stdout).notices.length >= 3);
  const { stdout } = await log();
  const row = (name: string, subject: string) =>
    expect.stringMatching(
      new RegExp(`^\\d{4}-\\d\\d-\\d\\d .* gpu-unused +${name} +on the page +gpu-unused: ${subject}$`),
    );
  const lines = stdout.split('\n');
  expect([lines[0], ...lines.slice(1, 4).sort(), ...lines.slice(4)]).toEqual([
    'Notices',
    row('alice', 'your job 1'),
    row('carl', '2 jobs of 2 users'),
    row('eve', 'your job 2'),
    '',
    'Acts: none',
    '',
  ]);
  expect(JSON.parse((await log('--limit', '1', '--json')).stdout).notices).toHaveLength(1);
  for (const limit of ['0', '1001', 'many'])
    expect(await log('--limit', limit)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'hpc-observe: --limit must be a number from 1 to 1000.\n',
    });
  const namesOf = async () =>
    JSON.parse((await log('--json')).stdout).policies.map(({ name }: { name: string }) => name);
  writeFileSync(folder.file('p.toml'), 'nonsense');
  process.kill(server.pid, 'SIGHUP');
  await until('the fault is logged', async () => server.errors().includes('p.toml:1'));
  expect(await namesOf()).toEqual(['gpu-unused']);
  writeFileSync(folder.file('p.toml'), POLICY.replace('gpu-unused', 'other'));
  process.kill(server.pid, 'SIGHUP');
  await until('the file is read again', async () => (await namesOf())[0] === 'other');
});

testAsRoot()('users end their digest with a command, and policies are not theirs to see', async () => {
  await using user = await createUser('hpcdigest');
  await using server = await serve();
  const run = (...args: string[]) =>
    runExecutable([...args, '--server', server.url], { folder: '/', command: user.run(EXECUTABLE) });
  const isWanted = async () => {
    const answer = await fetch(`${server.url}/v1/notices?user=${user.name}`);
    return ((await answer.json()) as { digest: boolean }).digest;
  };
  expect(await isWanted()).toBe(true);
  expect(await run('digest', 'off')).toEqual({
    exitCode: 0,
    stdout: 'You get no weekly digest any more. hpc-observe digest on brings it back.\n',
    stderr: '',
  });
  expect(await isWanted()).toBe(false);
  expect((await run('digest', 'on')).exitCode).toBe(0);
  expect(await isWanted()).toBe(true);
  for (const words of [['log'], ['try', DEPLOYED]]) {
    const refused = await run('policy', ...words);
    expect([refused.exitCode, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toBe(
      'hpc-observe: hpcdigest has the role user; this request needs the role admin.\n',
    );
  }
});
