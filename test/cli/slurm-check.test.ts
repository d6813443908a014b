import { expect, test } from 'bun:test';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { runLine } from '../help/command.ts';
import { temporaryFolder } from '../help/folder.ts';

/** A machine whose Slurm says so much of its configuration. */
function machine(config: string, settings: Record<string, string> = {}) {
  const folder = temporaryFolder();
  writeFileSync(folder.file('config'), config);
  writeFileSync(folder.file('scontrol'), `#!/bin/sh\ncat '${folder.file('config')}'\n`);
  for (const program of ['squeue', 'sacct']) writeFileSync(folder.file(program), '#!/bin/sh\n');
  for (const program of ['scontrol', 'squeue', 'sacct']) chmodSync(folder.file(program), 0o755);
  return {
    ...folder,
    async check(...args: string[]) {
      const env = { PATH: `${folder.path}:/usr/bin:/bin`, ...settings };
      const { exitCode, output } = await runLine(['slurm', 'check', ...args], env);
      return { exitCode, lines: output.split('\n'), output };
    },
  };
}

const HEALTHY = { status: 'healthy', timestamp: '2026-01-20T12:00:00.000Z', version: '1.0.0' };

test('a head node where all is set up', async () => {
  using service = Bun.serve({ port: 0, fetch: () => Response.json(HEALTHY) });
  const server = service.url.href.replace(/\/$/, '');
  using folder = temporaryFolder();
  mkdirSync(folder.file('spool'));
  chmodSync(folder.file('spool'), 0o2770);
  await runLine(['slurm', 'hooks', folder.file('hooks'), '--spool', folder.file('spool')]);
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
  expect(output).toContain(`ok       The hooks can write to the spool folder ${folder.file('spool')}`);
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

test.each([
  [
    'cannot store data',
    Response.json({ ...HEALTHY, status: 'unhealthy' }, { status: 503 }),
    'cannot store data.',
  ],
  ['is another one', Response.json({}), 'does not answer as hpc-observe: '],
  ['is a page', new Response('<html>'), 'does not answer as hpc-observe: The answer is not valid JSON.'],
])('a service that %s is wrong', async (_, answer, words) => {
  using service = Bun.serve({ port: 0, fetch: () => answer });
  using head = machine('SlurmUser = root(0)\n');
  const { exitCode, output } = await head.check('--server', service.url.href);
  expect(output).toMatch(new RegExp(`wrong .*http://.*${words}`));
  expect(exitCode).toBe(1);
});

test('the service is looked for where its own settings have it', async () => {
  using service = Bun.serve({ port: 0, fetch: () => Response.json(HEALTHY) });
  using folder = temporaryFolder();
  writeFileSync(folder.file('site.toml'), `host = "0.0.0.0"\nport = ${service.port}\n`);
  const server = `http://127.0.0.1:${service.port}`;
  for (const [args, settings] of [
    [['--config', folder.file('site.toml')], {}],
    [['--port', String(service.port)], {}],
    [[], { HPC_OBSERVE_CONFIG: folder.file('site.toml') }],
    [['--server', server], { HPC_OBSERVE_PORT: '1' }],
  ] as const) {
    using head = machine('SlurmUser = root(0)\n', settings);
    const { output } = await head.check(...args);
    expect(output).toContain(`ok       The service answers at ${server}.`);
    expect(output).toContain(`JobCompLoc=${server}/v1/slurm/jobcomp;`);
  }
});

test('Slurm is looked for in the folder that a setting names', async () => {
  using head = machine('SlurmUser = root(0)\n');
  const { output } = await head.check('--node', '--slurm-bin', head.path);
  expect(output).toContain('Prolog=/etc/slurm/hpc-observe/prolog');
  await expect(head.check('--node', '--slurm-bin', '/nowhere')).rejects.toThrow(/no scontrol/);
});

test('a node has only its own two hooks, and what its agent needs', async () => {
  using node = machine('SlurmdUser = root(0)\n');
  const { exitCode, output } = await node.check('--node');
  expect(exitCode).toBe(0);
  expect(output).toContain('Prolog=/etc/slurm/hpc-observe/prolog\n');
  expect(output).toEndWith('2 ok, 3 missing, 0 wrong.\n');
});

test('a hook that has gone is to be written anew where the others are', async () => {
  using folder = temporaryFolder();
  await runLine(['slurm', 'hooks', folder.file('own hooks')]);
  rmSync(folder.file('own hooks/epilog-slurmctld'));
  using head = machine(
    `SlurmUser = root(0)
PrologSlurmctld = ${folder.file('own hooks/prolog-slurmctld')}
EpilogSlurmctld = ${folder.file('own hooks/epilog-slurmctld')}
`,
  );
  const { exitCode, output } = await head.check();
  expect(exitCode).toBe(1);
  expect(output).toContain(
    `hpc-observe slurm hooks ${folder.file('own hooks')}, then set in slurm.conf: EpilogSlurmctld=`,
  );
  expect(output).not.toContain('/etc/slurm');
});

test('the scripts of a node may be a pattern', async () => {
  using folder = temporaryFolder();
  await runLine(['slurm', 'hooks', folder.file('hooks')]);
  writeFileSync(folder.file('hooks/prolog.site'), '#!/bin/sh\n');
  using node = machine(`SlurmdUser = root(0)\nProlog = ${folder.file('hooks')}/prolog*\n`);
  expect((await node.check('--node')).output).toContain(
    `Prolog is our script ${folder.file('hooks/prolog')}.`,
  );
});

test('a hook where the user of slurmctld cannot reach it would hold jobs up', async () => {
  using folder = temporaryFolder();
  mkdirSync(folder.file('closed'), { mode: 0o700 });
  chmodSync(folder.path, 0o755);
  await runLine(['slurm', 'hooks', folder.file('closed/hooks')]);
  const script = folder.file('closed/hooks/prolog-slurmctld');
  using head = machine(`SlurmUser = slurm(64030)\nPrologSlurmctld = ${script}\n`);
  const { exitCode, output } = await head.check();
  expect(exitCode).toBe(1);
  expect(output).toContain(`the user who runs it may not enter ${folder.file('closed')}`);
  chmodSync(folder.file('closed'), 0o711);
  expect((await head.check()).output).toContain(`PrologSlurmctld is our script ${script}.`);
});

test('without scontrol nothing can be checked, and --server must be a URL', async () => {
  const check = (...args: string[]) => runLine(['slurm', 'check', ...args], { PATH: '/nowhere' });
  await expect(check('--server', 'x')).rejects.toThrow(/--server must be a URL/);
  using head = machine('');
  writeFileSync(
    head.file('scontrol'),
    '#!/bin/sh\necho "slurm_load_ctl_conf error: Unable to contact" >&2; exit 1\n',
  );
  await expect(head.check()).rejects.toThrow(/scontrol failed: .*Unable to contact.*Nothing can be checked/);
});

test('where PrivateData hides jobs, the admin level of the service’s user is asked for', async () => {
  using head = machine('SlurmUser = slurm(64030)\nPrivateData = jobs\n');
  const told = async (level: string | undefined) => {
    writeFileSync(
      head.file('sacctmgr'),
      level === undefined ? '#!/bin/sh\nexit 1\n' : `#!/bin/sh\necho ${level}\n`,
    );
    chmodSync(head.file('sacctmgr'), 0o755);
    const { lines } = await head.check('--server', 'http://127.0.0.1:1');
    return lines.find((line) => line.includes('PrivateData hides jobs'))?.split(' ')[0];
  };
  expect(await told('Operator')).toBe('ok');
  expect(await told('Administrator')).toBe('ok');
  expect(await told('None')).toBe('missing');
  expect(await told(undefined)).toBe('missing');
});
