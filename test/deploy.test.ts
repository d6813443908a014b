import { expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { $ } from 'bun';
import { runSource } from './help/executable.ts';
import { temporaryFolder } from './help/folder.ts';
import { testWith } from './help/tool.ts';

const UNIT = readFileSync('deploy/hpc-observe.service', 'utf8');
const SLURM = readFileSync('deploy/slurm.conf', 'utf8');

testWith(['systemd-analyze'])('systemd accepts the unit, and rates its exposure below 2 of 10', async () => {
  using folder = temporaryFolder();
  const path = folder.file('hpc-observe.service');
  // systemd checks that the executable exists.
  writeFileSync(path, UNIT.replace('/usr/local/bin/hpc-observe', '/bin/true'));
  const { exitCode, stderr } = await $`systemd-analyze verify --man=no ${path}`.quiet().nothrow();
  expect(stderr.toString()).toBe('');
  expect(exitCode).toBe(0);
  const rating = await $`systemd-analyze security --no-pager --offline=true ${path}`.quiet().nothrow().text();
  expect(Number(/Overall exposure level for .*: ([\d.]+)/.exec(rating)?.[1])).toBeWithin(0, 2);
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
