import { expect } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { partOf, startMailServer } from '../help/mail-server.ts';
import { until } from '../help/scenario.ts';
import { testWith } from '../help/tool.ts';

const POLICIES = `administrators = ["root@example.org"]
[policy.idle]
says = "Use it or end it."
looks_at = "running"
job.gpu_idle_minutes = ">= 15"
window = "1h"
tell = ["user", "administrators"]
by = ["mail"]
`;

testWith(['aiosmtpd'])(
  'the user of an idle job is mailed once, also after kill -9',
  async () => {
    await using mails = await startMailServer();
    using folder = temporaryFolder();
    writeFileSync(folder.file('policies.toml'), POLICIES);
    const args = ['--policies', folder.file('policies.toml'), '--slurm-interval', '1s'];
    const start = () =>
      serve({ folder: folder.path, args: [...args, '--smtp', mails.url, '--mail-domain', 'example.org'] });
    const post = (url: string, path: string, body: unknown) =>
      fetch(`${url}/v1/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const nowMs = Date.now();
    const at = (minute: number) => new Date(nowMs + minute * 60_000).toISOString();
    {
      await using server = await start();
      const job = { id: '7', user: 'alice', nodes: ['n1'], name: '<b>@all\r\nBcc: eve@evil.org', gpus: 1 };
      await post(server.url, 'jobs/batch', { jobs: [{ ...job, state: 'running', start_time: at(-30) }] });
      const samples = Array.from({ length: 31 }, (_, minute) => ({
        ...{ job_id: '7', timestamp: at(minute - 30), cpu_usage: 5, memory_usage_mb: 10, gpu_usage: 0 },
      }));
      await post(server.url, 'samples', { samples });
      await mails.mails(2);
      process.kill(server.pid, 'SIGKILL');
      await server.ended();
    }
    await using server = await start();
    const checked = await runExecutable(['policy', 'log', '--server', server.url], { folder: folder.path });
    expect(checked.stdout).toContain('mail');
    // Two looks of the new process.
    await Bun.sleep(6000);
    const all = await mails.mails(2);
    expect(all).toHaveLength(2);
    expect(all.map((mail) => /^To: (\S+)/m.exec(mail)?.[1]).sort()).toEqual([
      'alice@example.org',
      'root@example.org',
    ]);
    const mail = all.find((one) => one.includes('To: alice'))!;
    expect(mail).not.toMatch(/^Bcc:/m);
    const html = partOf(mail, 'text/html').toString();
    expect(html).toContain('&lt;b&gt;@all');
    expect(partOf(mail, 'text/plain').toString()).toMatch(/no GPU used for (29|30) min/);
  },
  120_000,
);

const DAY_MS = 86_400_000;
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

testWith(['aiosmtpd'])(
  'a digest arrives by mail once, and the link in it ends the next ones',
  async () => {
    await using mails = await startMailServer();
    using folder = temporaryFolder();
    {
      // Jobs of two weeks are there, and tallied, before the service has policies.
      await using server = await serve({ folder: folder.path });
      const jobs = Array.from({ length: 15 }, (_, day) => {
        const startMs = Date.now() - (day + 1) * DAY_MS - DAY_MS / 48;
        const [start_time, end_time] = [startMs, startMs + 60_000].map((ms) => new Date(ms).toISOString());
        return { id: `${day}`, user: 'alice', nodes: ['n1'], state: 'completed', start_time, end_time };
      });
      const answer = await fetch(`${server.url}/v1/jobs/batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jobs }),
      });
      expect(answer.status).toBe(200);
      const since = new Date(Date.now() - 20 * DAY_MS).toISOString();
      await until('the jobs are tallied', async () => {
        const usage = await fetch(`${server.url}/v1/usage?group_by=user&since=${since}`);
        return ((await usage.json()) as { sum: { jobs: number } }).sum.jobs === jobs.length;
      });
      await server.stop();
    }
    const today = WEEKDAYS[new Date().getUTCDay()];
    const text = `[digest]\ntell = ["user"]\nby = ["mail"]\nweekday = "${today}"\nhour = 0\n`;
    writeFileSync(folder.file('policies.toml'), text);
    await using server = await serve({
      folder: folder.path,
      args: [
        ...['--policies', 'policies.toml', '--slurm-interval', '1s', '--smtp', mails.url],
        ...['--mail-domain', 'example.org', '--public-url', 'https://hpc.example.org'],
      ],
    });
    const [mail] = (await mails.mails(1)) as [string];
    expect(mail).toMatch(/^To: alice@example\.org\r?$/m);
    expect(mail).toMatch(/^Subject: The week of \d{4}-\d\d-\d\d: your 7 jobs/m);
    const link = /^List-Unsubscribe:\s+<https:\/\/hpc\.example\.org(\/v1\/digest\/[\w.-]+)>/m.exec(mail)?.[1];
    const isWanted = async () =>
      ((await (await fetch(`${server.url}/v1/notices?user=alice`)).json()) as { digest: boolean }).digest;
    // A gateway that opens links ends nothing.
    expect((await fetch(server.url + link)).status).toBe(200);
    expect(await isWanted()).toBe(true);
    const click = { method: 'POST', body: new URLSearchParams('List-Unsubscribe=One-Click') };
    expect((await fetch(server.url + link, click)).status).toBe(200);
    expect(await isWanted()).toBe(false);
    expect(await mails.mails(1)).toHaveLength(1);
  },
  120_000,
);
