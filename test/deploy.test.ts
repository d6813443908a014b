import { expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { $ } from 'bun';
import { runSource } from './help/executable.ts';
import { temporaryFolder } from './help/folder.ts';
import { testWith } from './help/tool.ts';

const UNIT = readFileSync('deploy/hpc-observe.service', 'utf8');
const AGENT = readFileSync('deploy/hpc-observe-agent.service', 'utf8');
const SLURM = readFileSync('deploy/slurm.conf', 'utf8');

testWith(['systemd-analyze']).each([
  ['hpc-observe.service', 2],
  // It reads what other users' processes have, and the devices of GPUs.
  ['hpc-observe-agent.service', 4],
])('systemd accepts %s, and rates its exposure below %d of 10', async (name, exposure) => {
  using folder = temporaryFolder();
  const path = folder.file(name);
  const text = readFileSync(`deploy/${name}`, 'utf8');
  // systemd checks that the executable exists.
  writeFileSync(path, text.replace('/usr/local/bin/hpc-observe', '/bin/true'));
  const { exitCode, stderr } = await $`systemd-analyze verify --man=no ${path}`.quiet().nothrow();
  expect(stderr.toString()).toBe('');
  expect(exitCode).toBe(0);
  const rating = await $`systemd-analyze security --no-pager --offline=true ${path}`.quiet().nothrow().text();
  expect(Number(/Overall exposure level for .*: ([\d.]+)/.exec(rating)?.[1])).toBeWithin(0, exposure);
});

test('the agent starts with the settings that its unit names', async () => {
  const [, ...args] = /^ExecStart=(.*)$/m.exec(AGENT)![1]!.split(' ');
  const { exitCode, stdout } = await runSource([...args, '--help']);
  expect(exitCode).toBe(0);
  const names = [...AGENT.matchAll(/HPC_OBSERVE_(\w+)=/g)].map(
    ([, name]) => `--${name!.toLowerCase().replaceAll('_', '-')} `,
  );
  expect(names).toHaveLength(2);
  for (const name of names) expect(stdout).toContain(name);
  const [, folder] = /^StateDirectory=(.*)$/m.exec(AGENT)!;
  expect(stdout).toContain(`(/var/lib/${folder})`);
});

test('the unit does not restart a service whose settings are wrong', () => {
  expect(UNIT).toContain('\nRestart=on-failure\n');
  expect(UNIT).toContain('\nRestartPreventExitStatus=2\n');
});

testWith(['promtool'])('promtool accepts the scrape configuration', async () => {
  const { exitCode, stdout } = await $`promtool check config deploy/prometheus.yml`.quiet().nothrow();
  expect(stdout.toString()).toContain('SUCCESS');
  expect(exitCode).toBe(0);
});

test('the hooks in deploy/slurm.conf are the ones that hpc-observe slurm hooks prints', async () => {
  using folder = temporaryFolder();
  const { stdout, exitCode } = await runSource(['slurm', 'hooks', folder.path]);
  expect(exitCode).toBe(0);
  const printed = [...stdout.matchAll(/^ +(\w*(?:Prolog|Epilog)\w*)=(.*)$/gm)].map(
    ([, setting, path]) => `${setting}=${path!.replace(folder.path, '/etc/slurm/hpc-observe')}`,
  );
  expect(printed).toHaveLength(4);
  const deployed = [...SLURM.matchAll(/^#?(\w*(?:Prolog|Epilog)\w*=.*)$/gm)].map(([, line]) => line!);
  expect(deployed.sort()).toEqual(printed.sort());
});
