import { expect, test } from 'bun:test';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { checkSlurm } from '../../src/cli/check.ts';
import { runSlurm } from '../../src/cli/slurm.ts';
import { temporaryFolder } from '../help/folder.ts';

/** A machine whose Slurm says so much of its configuration. */
function machine(config: string) {
  const folder = temporaryFolder();
  writeFileSync(folder.file('config'), config);
  writeFileSync(folder.file('scontrol'), `#!/bin/sh\ncat '${folder.file('config')}'\n`);
  for (const program of ['squeue', 'sacct']) writeFileSync(folder.file(program), '#!/bin/sh\n');
  for (const program of ['scontrol', 'squeue', 'sacct']) chmodSync(folder.file(program), 0o755);
  return {
    ...folder,
    async check(...args: string[]) {
      let output = '';
      const print = (text: string) => {
        output += text;
      };
      const env = { PATH: `${folder.path}:/usr/bin:/bin` };
      return { exitCode: await checkSlurm(args, print, env), lines: output.split('\n'), output };
    },
  };
}

test('a head node where all is set up', async () => {
  using service = Bun.serve({ port: 0, fetch: () => new Response('{}') });
  const server = service.url.href.replace(/\/$/, '');
  using folder = temporaryFolder();
  mkdirSync(folder.file('spool'));
  chmodSync(folder.file('spool'), 0o2770);
  await runSlurm(['hooks', folder.file('hooks'), '--spool', folder.file('spool')], () => {});
  writeFileSync(folder.file('jobcomp_elasticsearch.so'), '');
  using head = machine(
    `SlurmUser = me(${process.getuid!()})
PluginDir = ${folder.path}
PrologSlurmctld = ${folder.file('hooks/prolog-slurmctld')}
EpilogSlurmctld = ${folder.file('hooks/epilog-slurmctld')}
JobCompType = jobcomp/elasticsearch
JobCompLoc = ${server}/v1/slurm/jobcomp
AccountingStorageType = accounting_storage/slurmdbd
`,
  );
  const { exitCode, output, lines } = await head.check('--server', server);
  expect(lines.filter((line) => line !== '' && !line.startsWith('ok'))).toEqual([
    '10 ok, 0 missing, 0 wrong.',
  ]);
  expect(output).toContain(`ok       The spool folder ${folder.file('spool')} takes events`);
  expect(exitCode).toBe(0);
});

test('nothing is set up, and no service runs: what is missing costs something, and only what is wrong is a fault', async () => {
  using head = machine('SlurmUser = slurm(64030)\n');
  const { exitCode, output } = await head.check('--server', 'http://127.0.0.1:1');
  expect(exitCode).toBe(1);
  expect(output).toContain('PrologSlurmctld=/etc/slurm/hpc-observe/prolog-slurmctld\n');
  expect(output).toContain('JobCompLoc=http://127.0.0.1:1/v1/slurm/jobcomp;');
  expect(output).toContain('wrong    No service answers at http://127.0.0.1:1.\n');
  expect(output).toEndWith('4 ok, 4 missing, 1 wrong.\n');
});

test('a node has only its own two hooks', async () => {
  using node = machine('SlurmdUser = root(0)\n');
  const { exitCode, output } = await node.check('--node');
  expect(exitCode).toBe(0);
  expect(output).toContain('Prolog=/etc/slurm/hpc-observe/prolog\n');
  expect(output).toEndWith('2 ok, 2 missing, 0 wrong.\n');
});

test('without scontrol nothing can be checked; a server has to be a URL', async () => {
  const check = (...args: string[]) => checkSlurm(args, () => {}, { PATH: '/nowhere' });
  await expect(check('--server', 'x')).rejects.toThrow(/--server must be a URL/);
  using head = machine('');
  writeFileSync(
    head.file('scontrol'),
    '#!/bin/sh\necho "slurm_load_ctl_conf error: Unable to contact" >&2; exit 1\n',
  );
  await expect(head.check()).rejects.toThrow(/scontrol failed: .*Unable to contact.*nothing can be checked/);
});
