import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { runSlurm } from '../../src/cli/slurm.ts';
import { UsageError } from '../../src/domain/errors.ts';
import { temporaryFolder } from '../help/folder.ts';

async function run(...args: string[]) {
  let output = '';
  const exitCode = await runSlurm(args, (text) => {
    output += text;
  });
  return { exitCode, output };
}

describe('slurm hooks', () => {
  test('writes four scripts and says how to set them up', async () => {
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
    expect(output).toContain('install -d -o slurm -g hpc-observe -m 2770 /srv/spool\n');
  });

  test('replaces scripts that are there, and has a spool of its own choice', async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('prolog'), 'old');
    await run('hooks', folder.path);
    expect(readFileSync(folder.file('prolog'), 'utf8')).toContain("\nspool='/var/spool/hpc-observe'\n");
    expect(readdirSync(folder.path)).toHaveLength(4);
  });

  test('quotes the path of the spool for the shell', async () => {
    using folder = temporaryFolder();
    await run('hooks', folder.path, '--spool', "/it's $& $(here)");
    expect(readFileSync(folder.file('prolog'), 'utf8')).toContain("\nspool='/it'\\''s $& $(here)'\n");
  });

  test('refuses a folder that cannot be made', async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('file'), '');
    expect(run('hooks', folder.file('file/hooks'))).rejects.toThrow(
      `The hooks cannot be written to ${folder.file('file/hooks')}: a part of the path is a file, not a folder.`,
    );
  });
});

const REFUSED: [args: string[], reason: RegExp][] = [
  [[], /slurm needs a subcommand: slurm hooks, slurm check, slurm import/],
  [['hook'], /slurm hook is not a command. Did you mean hpc-observe slurm hooks\?/],
  [['toString'], /is not a command/],
  [['hooks'], /takes one folder/],
  [['hooks', 'a', 'b'], /takes one folder/],
  [['hooks', 'a', '--spol', '/x'], /--spol is not a known flag. Did you mean --spool\?/],
  [['hooks', 'a', '--spool'], /--spool/],
  [['hooks', 'a', '--spool', 'spool'], /whole path/],
  [['hooks', 'a', '--spool', '/a\nb'], /whole path/],
];
test.each(REFUSED)('slurm %p is refused', (args, reason) => {
  expect(run(...args)).rejects.toThrow(UsageError);
  expect(run(...args)).rejects.toThrow(reason);
});
