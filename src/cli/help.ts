import { version } from '../../package.json';
import type { Flags } from '../settings/arguments.ts';
import { describeFlag, flagOf, isSwitch, type Setting } from '../settings/setting.ts';
import { SETTINGS } from '../settings/table.ts';
import type { Command } from './command.ts';

/** The help of the executable: all commands. */
export function describeCommands(commands: ReadonlyMap<string, Command>): string {
  return `hpc-observe ${version}: see every job of an HPC cluster live, afterwards and in Prometheus

Commands:
${alignRows([...commands].map(([name, { summary }]) => [name, summary]))}
hpc-observe COMMAND --help explains a command, its settings and its flags, with examples.
`;
}

/** The help of one command. */
export function describeCommand(name: string, command: Command): string {
  const { summary, usage, examples, settings, flags = {} } = command;
  const sections = [
    `hpc-observe ${name}: ${summary}\n`,
    `Usage:\n${usage.map((line) => `  hpc-observe ${line}\n`).join('')}`,
  ];
  if (Object.keys(flags).length > 0) sections.push(`Flags:\n${describeFlags(flags)}`);
  if (settings.length > 0) {
    sections.push(
      `Settings, as flags, as variables HPC_OBSERVE_<NAME>, or in a file (--config), in this order of precedence:\n${describeSettings(settings.map((key) => SETTINGS[key]))}`,
    );
  }
  if (examples.length > 0) {
    const rows = examples.map(([line, meaning]) => `  # ${meaning}\n  hpc-observe ${line}\n`);
    sections.push(`Examples:\n${rows.join('')}`);
  }
  return sections.join('\n');
}

function describeFlags(flags: Flags): string {
  return alignRows(
    Object.entries(flags).map(([name, { takes, help }]) => [
      `${flagOf(name)}${takes ? ` ${takes}` : ''}`,
      help,
    ]),
  );
}

/** Settings with their defaults, one a line. */
export function describeSettings(settings: readonly Setting<unknown>[]): string {
  const rows = settings.map((setting): [string, string] => {
    const { help, otherwise, isSecret } = setting;
    if (isSecret) return [describeFlag(setting), `${help} (read from the file)`];
    return [describeFlag(setting), isSwitch(setting) || otherwise === '' ? help : `${help} (${otherwise})`];
  });
  rows.push([
    '--config FILE',
    'Settings as TOML, named like the flags with _ for -: sample_retention = "30d"',
  ]);
  return alignRows(rows);
}

function alignRows(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}
