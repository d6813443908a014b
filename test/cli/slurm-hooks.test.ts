import { expect, test } from 'bun:test';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { UsageError } from '../../src/domain/errors.ts';
import { runLine } from '../help/command.ts';
import { temporaryFolder } from '../help/folder.ts';

const run = (...args: string[]) => runLine(['slurm', ...args]);

test('slurm hooks writes four scripts and explains how to set them up', async () => {
  using folder = temporaryFolder();
  const { exitCode, output } = await run('hooks', folder.file('a/b'), '--spool', '/srv/spool');
  expect(exitCode).toBe(0);
  const files = ['epilog', 'epilog-slurmctld', 'prolog', 'prolog-slurmctld'];
  expect(readdirSync(folder.file('a/b')).sort()).toEqual(files);
  for (const file of files) {
    expect(statSync(folder.file(`a/b/${file}`)).mode & 0o777).toBe(0o755);
    expect(readFileSync(folder.file(`a/b/${file}`), 'utf8')).toContain("\nspool='/srv/spool'\n");
  }
  expect(readFileSync(folder.file('a/b/epilog'), 'utf8')).toContain('\nkind=epilog_slurmd\n');
  expect(output).toContain(`\n  EpilogSlurmctld=${folder.file('a/b/epilog-slurmctld')}\n`);
  expect(output.match(/install .*/g)).toEqual(['install -d -o slurm -g hpc-observe -m 2770 /srv/spool']);
});

test('slurm hooks replaces existing scripts and uses the default spool folder', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('prolog'), 'old');
  await run('hooks', folder.path);
  expect(readFileSync(folder.file('prolog'), 'utf8')).toContain("\nspool='/var/spool/hpc-observe'\n");
  expect(readdirSync(folder.path)).toHaveLength(4);
});

test('slurm hooks quotes the path of the spool folder for the shell', async () => {
  using folder = temporaryFolder();
  await run('hooks', folder.path, '--spool', "/it's $& $(here)");
  expect(readFileSync(folder.file('prolog'), 'utf8')).toContain("\nspool='/it'\\''s $& $(here)'\n");
});

test('slurm hooks refuses a folder that cannot be created', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('file'), '');
  expect(run('hooks', folder.file('file/hooks'))).rejects.toThrow(
    `The hooks cannot be written to ${folder.file('file/hooks')}: a part of the path is a file, not a folder.`,
  );
});

const REFUSED: [args: string[], reason: string][] = [
  [[], 'slurm needs a subcommand: hooks, check or import.'],
  [['hook'], '"hook" is not a subcommand of slurm. Did you mean hpc-observe slurm hooks?'],
  [['toString'], 'The second word is not a subcommand of slurm. There is hooks, check or import.'],
  [['hooks'], 'FOLDER is missing; see --help.'],
  [['hooks', 'a', 'b'], 'Only FOLDER is expected beside flags; see --help.'],
  [['hooks', 'a', '--spol', '/x'], '--spol is not a known flag. Did you mean --spool?'],
  [['hooks', 'a', '--port', '80'], '--port is not a known flag'],
  [['hooks', 'a', '--spool'], '--spool needs a value.'],
  [['hooks', 'a', '--spool', 'spool'], '--spool must be an absolute path, not "spool".'],
  [['hooks', 'a', '--spool', '/a\nb'], '--spool must be an absolute path'],
];
test.each(REFUSED)('slurm %p is refused', (args, reason) => {
  expect(run(...args)).rejects.toThrow(UsageError);
  expect(run(...args)).rejects.toThrow(reason);
});

test('slurm hooks uses the spool folder of the service’s own settings', async () => {
  using folder = temporaryFolder();
  const env = { HPC_OBSERVE_SPOOL: '/srv/spool', HPC_OBSERVE_PORT: 'of another command' };
  await runLine(['slurm', 'hooks', folder.file('hooks')], env);
  expect(readFileSync(folder.file('hooks/prolog'), 'utf8')).toContain("\nspool='/srv/spool'\n");
});
