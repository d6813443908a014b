import { expect } from 'bun:test';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { partOf, startMailServer } from '../help/mail-server.ts';
import { testWith } from '../help/tool.ts';

const testWithMail = testWith(['aiosmtpd']);
const BEGIN_MS = Date.now() - 3_600_000;
const at = (minute: number) => new Date(BEGIN_MS + 60_000 * minute).toISOString();

async function post(url: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.text()).toBe(true);
}

/** A job of half an hour that held a GPU and did not use it, whose name would like to be more than a name. */
async function fill(url: string): Promise<void> {
  const job = {
    id: '4711',
    user: 'alice',
    nodes: ['n1'],
    state: 'completed',
    name: '<b>x</b>',
    gpus: 1,
    cpus: 4,
  };
  await post(url, 'jobs/batch', {
    jobs: [{ ...job, start_time: at(0), end_time: at(30), memory_limit_mb: 2000 }],
  });
  const samples = Array.from({ length: 30 }, (_, minute) => ({
    ...{ job_id: '4711', timestamp: at(minute), cpu_usage: 50, memory_usage_mb: 1000, gpu_usage: 0 },
  }));
  await post(url, 'samples', { samples });
}

const SUBJECT = 'Slurm Job_id=4711 Name=<b>x</b> Ended, Run time 00:30:00, COMPLETED, ExitCode 0';

testWithMail('a mail of Slurm has the report of its job, as text and as HTML with plots', async () => {
  await using mails = await startMailServer();
  await using server = await serve();
  await fill(server.url);
  const args = ['--smtp', mails.url, '--mail-domain', 'example.org', '--server', server.url];
  const { exitCode, stderr } = await runExecutable(['mail', '--subject', SUBJECT, ...args, 'alice'], {
    folder: server.folder,
    env: { SLURM_JOB_ID: '4711' },
  });
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  const [mail] = (await mails.mails(1)) as [string];
  expect(mail).toMatch(/^To: alice@example\.org\r?$/m);
  expect(mail).toMatch(/^Auto-Submitted: auto-generated\r?$/m);
  const text = partOf(mail, 'text/plain').toString();
  expect(text).toContain(SUBJECT);
  expect(text).toContain('WASTE It held 1 GPU and used none in 29 min.');
  const html = partOf(mail, 'text/html').toString();
  expect(html).toContain('&lt;b&gt;x&lt;/b&gt;');
  expect(html).not.toContain('<b>x</b>');
  for (const name of ['cpu', 'memory', 'gpu']) expect(html).toContain(`cid:${name}`);
  const png = partOf(mail, 'image/png');
  const file = Bun.file(`${server.folder}/strip.png`);
  await Bun.write(file, png);
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1120, 96]);
});

testWithMail(
  'a mail of a whole array has all its tasks: how they are spread, which stand out, what to do',
  async () => {
    await using mails = await startMailServer();
    await using server = await serve();
    const jobs = Array.from({ length: 12 }, (_, task) => ({
      ...{ id: `90_${task}`, user: 'alice', nodes: ['n1'], array_job_id: '90', array_task_id: task, cpus: 4 },
      ...{
        name: 'a<b>',
        raw_state: task < 2 ? 'FAILED' : task < 3 ? 'TIMEOUT' : 'COMPLETED',
        state: task < 3 ? 'failed' : 'completed',
      },
      ...{ start_time: at(0), end_time: at(task < 3 ? 1 : 10 + task), memory_limit_mb: 4000 },
      ...(task < 3 && { exit_code: 3 }),
    }));
    await post(server.url, 'jobs/batch', { jobs });
    const subject = 'Slurm Array Summary Job_id=90_* (90) Name=a<b> Ended, Mixed, ExitCode [0-3]';
    const args = ['--smtp', mails.url, '--server', server.url, '--public-url', 'https://hpc.example.org'];
    const { exitCode, stderr } = await runExecutable(
      ['mail', '--subject', subject, ...args, 'alice@example.org'],
      { folder: server.folder, env: { SLURM_JOB_ID: '90', SLURM_ARRAY_JOB_ID: '90' } },
    );
    expect([exitCode, stderr]).toEqual([0, '']);
    const [mail] = (await mails.mails(1)) as [string];
    const text = partOf(mail, 'text/plain').toString();
    expect(text.split(/\r?\n/).filter((line) => line !== '')).toEqual([
      ...[subject, 'array 90 a<b>', 'user alice, 12 tasks, 4 CPUs each, 3.91 GB'],
      '9 completed, 2 failed, 1 timeout',
      'HARM 3 of 12 tasks that ended failed: 2 ended with exit code 3, 1 ran out of',
      'time.',
      expect.stringContaining('--array=0-2'),
      'of the tasks  least    half    75 %    most  measured',
      'runtime       1 min  15 min  18 min  21 min        12',
      'stand out    task, and its figure',
      'failed last  0, 1, 2 (timeout)',
      'slowest      11 (21 min), 10 (20 min), 9 (19 min)',
      expect.stringMatching(/^Not judged: memory/),
      expect.anything(),
      'https://hpc.example.org/arrays/90',
    ]);
    const html = partOf(mail, 'text/html').toString();
    expect(html).toContain('<b>array 90</b> a&lt;b&gt;');
    expect(html).toContain('cid:runtime');
    expect(html).toContain('href="https://hpc.example.org/arrays/90"');
    expect(partOf(mail, 'image/png').subarray(1, 4).toString()).toBe('PNG');
  },
);

testWithMail('a mail arrives without a report when the service is away, and says why', async () => {
  await using mails = await startMailServer();
  using folder = temporaryFolder();
  const args = ['--smtp', mails.url, '--server', 'http://127.0.0.1:1', 'alice@example.org'];
  const { exitCode } = await runExecutable(['mail', '--subject', SUBJECT, ...args], { folder: folder.path });
  expect(exitCode).toBe(0);
  const [mail] = (await mails.mails(1)) as [string];
  expect(mail).toContain('Slurm Job_id=4711');
  expect(mail).toContain('No report: No service answers');
});

testWithMail('a mail server that is away, and an address that is none, are sentences', async () => {
  using folder = temporaryFolder();
  const run = (...args: string[]) =>
    runExecutable(['mail', '--subject', SUBJECT, '--server', 'http://127.0.0.1:1', ...args], {
      folder: folder.path,
    });
  const away = await run('--smtp', 'smtp://127.0.0.1:1', 'alice@example.org');
  expect(away.exitCode).toBe(1);
  expect(away.stderr).toMatch(/^hpc-observe: The mail was not taken by smtp:\/\/127\.0\.0\.1:1: .*\n$/);
  const wrong = await run('a@b.org, c@d.org');
  expect([wrong.exitCode, wrong.stderr]).toEqual([
    2,
    'hpc-observe: ADDRESS must be one address such as alice@example.org, or the name of a user.\n',
  ]);
});
