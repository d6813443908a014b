import { expect } from 'bun:test';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { testWithCluster } from '../help/cluster.ts';
import { startAll } from '../help/deployment.ts';
import { EXECUTABLE } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { partOf, startMailServer } from '../help/mail-server.ts';
import { OLDEST } from '../help/release.ts';
import { testWith } from '../help/tool.ts';

const testWithBoth = Bun.which('aiosmtpd') ? testWithCluster(OLDEST) : testWith(['aiosmtpd']);

testWithBoth(
  'slurmctld sends the mail of a job through the MailProg of deploy/, with the report of the job in it',
  async () => {
    await using mails = await startMailServer();
    using folder = temporaryFolder();
    chmodSync(folder.path, 0o755);
    const program = folder.file('hpc-observe-mail');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    await using all = await startAll(OLDEST, { further: [`MailProg=${program}`] });
    const settings = folder.file('mail.toml');
    writeFileSync(
      settings,
      `smtp = "${mails.url}"\nmail_domain = "example.org"\nserver = "http://127.0.0.1:${all.port}"\n`,
      { mode: 0o644 },
    );
    const deployed = readFileSync('deploy/hpc-observe-mail.sh', 'utf8');
    writeFileSync(
      program,
      deployed
        .replace('/etc/hpc-observe/mail.toml', settings)
        .replace('/usr/local/bin/hpc-observe', EXECUTABLE),
    );
    await using server = await all.start();
    const id = await all.cluster.submit('games', 'exit 3', '--mail-type=END,FAIL', '--job-name=train');
    const [mail] = (await mails.mails(1)) as [string];
    expect(mail).toMatch(/^To: games@example\.org\r?$/m);
    expect(mail).toMatch(new RegExp(`^Subject: Slurm Job_id=${id} Name=train (Failed|Ended)`, 'm'));
    const text = partOf(mail, 'text/plain').toString();
    expect(text).toContain(`job ${id} train  failed`);
    expect(text).toContain('HARM It ended with exit code 3.');
    // Slurm sends one mail for all tasks of an array, unless it is asked for one of each (ARRAY_TASKS).
    const array = await all.cluster.submit(
      'games',
      'exit $((SLURM_ARRAY_TASK_ID == 2))',
      ...['--mail-type=END', '--job-name=sweep', '--array=1-4'],
    );
    const whole = (await mails.mails(2)).find((one) => one !== mail)!;
    expect(whole).toMatch(new RegExp(`^Subject: Slurm Array Summary Job_id=${array}_\\* `, 'm'));
    const summary = partOf(whole, 'text/plain').toString();
    expect(summary).toContain(`array ${array} sweep`);
    expect(summary).toMatch(/^3 completed, 1 failed\r?$/m);
    expect(summary).toContain('1 of 4 tasks that ended failed');
    expect(partOf(whole, 'text/html').toString()).toContain(`<b>array ${array}</b>`);
    expect(server.errors()).toBe('');
  },
  200_000,
);
