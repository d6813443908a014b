import { expect } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { partOf, startMailServer } from '../help/mail-server.ts';
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
