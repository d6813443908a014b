import { expect, test } from 'bun:test';
import { COMMANDS, loadCommands } from '../../src/cli/commands.ts';
import { describeSettings } from '../../src/cli/help.ts';
import { describeFlag, type Setting } from '../../src/settings/setting.ts';
import { SETTINGS } from '../../src/settings/table.ts';
import { runLine } from '../help/command.ts';
import { TOKEN } from '../settings/token.ts';

const NAMES = Object.keys(COMMANDS);

test.each([['help'], ['--help'], ['-h'], []].map((line) => [line]))(
  '%j lists every command',
  async (line) => {
    const { exitCode, output } = await runLine(line);
    expect(exitCode).toBe(0);
    for (const name of NAMES) expect(output).toContain(`  ${name} `);
  },
);

test.each(NAMES)(
  '%s --help has the usage, an example and each setting and flag with its default',
  async (name) => {
    const command = (await loadCommands()).get(name)!;
    const { exitCode, output } = await runLine([...name.split(' '), '--help']);
    expect(exitCode).toBe(0);
    expect(output).toStartWith(`hpc-observe ${name}: ${command.summary}\n`);
    for (const line of command.usage) expect(output).toContain(`\n  hpc-observe ${line}\n`);
    for (const [line] of command.examples) expect(output).toContain(`\n  hpc-observe ${line}\n`);
    for (const key of command.settings) {
      const setting: Setting<unknown> = SETTINGS[key];
      const row = output.split('\n').find((one) => one.startsWith(`  ${describeFlag(setting)} `))!;
      expect(row).toContain(setting.help);
      if (!['', 'false'].includes(setting.otherwise))
        expect(row).toEndWith(`(${setting.isSecret ? 'read from the file' : setting.otherwise})`);
    }
    for (const flag of Object.keys(command.flags ?? {})) expect(output).toContain(`\n  --${flag}`);
    for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(130);
    expect((await runLine(['help', ...name.split(' ')])).output).toBe(output);
  },
);

test('the help names the file of a secret and shows no default', () => {
  expect(describeSettings([TOKEN])).toContain('  --api-token-file FILE  The token (read from the file)\n');
});

test('every command that does something has an example', async () => {
  for (const [name, { examples }] of await loadCommands())
    if (!['help', 'version'].includes(name)) expect(examples.length, name).toBeGreaterThan(0);
});

test('the help of a command does not show the settings of others', async () => {
  const { output } = await runLine(['slurm', 'hooks', '--help']);
  expect(output).toContain('--spool FOLDER');
  expect(output).not.toContain('--port');
});

test('slurm --help lists the commands', async () => {
  expect((await runLine(['slurm', '--help'])).output).toContain('slurm import');
});
