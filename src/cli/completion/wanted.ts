import { flagOf, inputOf, isSwitch, type Setting } from '../../settings/setting.ts';
import { SETTINGS } from '../../settings/table.ts';
import type { Command } from '../command.ts';

/** One way in which a line may go on. */
export interface Candidate {
  readonly text: string;
  readonly help: string;
  /** Whether more must follow without a blank, such as a value after `state:`. */
  readonly isOpen?: true;
}

/** What can stand at the cursor: words that are known, or something to look up that begins with `start`. */
export type Wanted =
  | { readonly kind: 'words'; readonly words: readonly Candidate[] }
  | {
      readonly kind: 'files' | 'folders' | 'filter' | 'jobs' | 'users';
      /** What stands before the value in the same word, such as `--config=`. */
      readonly lead: string;
      readonly start: string;
    };

/** What can be looked up, by the placeholder of a value in help texts. */
const LOOKED_UP: Readonly<Record<string, Exclude<Wanted['kind'], 'words'>>> = {
  FILE: 'files',
  PATH: 'files',
  FOLDER: 'folders',
  FILTER: 'filter',
  ID: 'jobs',
  USER: 'users',
};

/** A flag of a command, its own or a setting. */
interface KnownFlag {
  readonly takes?: string | undefined;
  readonly help: string;
  readonly choices?: readonly string[] | undefined;
  readonly isList?: boolean;
}

const HELP_FLAG: readonly [string, KnownFlag] = ['--help', { help: 'Explain the command' }];

/** Returns what can stand at the cursor after the words of a line, the name of the executable left out. */
export function findWanted(
  before: readonly string[],
  word: string,
  commands: ReadonlyMap<string, Command>,
): Wanted {
  const [first = '', second = ''] = before[0] === 'help' ? before.slice(1) : before;
  const name = commands.has(first) ? first : `${first} ${second}`;
  const command = commands.get(name);
  if (before[0] === 'help' || !command) return wantCommand(before, word, commands);
  return wantArgument(before.slice(name.split(' ').length), word, command);
}

function wantCommand(
  before: readonly string[],
  word: string,
  commands: ReadonlyMap<string, Command>,
): Wanted {
  const given = before[0] === 'help' ? before.slice(1) : before;
  const lead = given.map((one) => `${one} `).join('');
  const rest = [...commands].filter(([name]) => name.startsWith(lead));
  // Of `slurm check` and others only `slurm`, once.
  const next = Map.groupBy(rest, ([name]) => name.slice(lead.length).split(' ')[0]!);
  const words = [...next].map(([text, group]) => {
    const [[name, { summary }]] = group as [[string, Command]];
    const subcommands = () => group.map(([one]) => one.split(' ').at(-1)).join(', ');
    return { text, help: name === lead + text ? summary : subcommands() };
  });
  return chooseWords(words, word);
}

function wantArgument(before: readonly string[], word: string, command: Command): Wanted {
  const flags = flagsOf(command);
  const waiting = flags.get(before.at(-1) ?? '');
  if (waiting?.takes !== undefined) return wantValue(waiting, '', word);
  const [, flag, value] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? [];
  if (flag !== undefined) return wantValue(flags.get(flag) ?? { help: '' }, `${flag}=`, value!);
  if (word.startsWith('-')) return wantFlag(flags, before, word);
  const { operands = [] } = command;
  const given = countOperands(before, flags);
  const operand = operands[given] ?? operands.find((one) => one.endsWith('...]'));
  if (operand === undefined) return wantFlag(flags, before, word);
  const choices = command.choices?.[operand];
  return wantValue({ takes: operand.replace(/^\[|\.\.\.\]$/g, ''), help: '', choices }, '', word);
}

function flagsOf(command: Command): Map<string, KnownFlag> {
  const settings = command.settings.map((key): [string, KnownFlag] => {
    const setting: Setting<unknown> = SETTINGS[key];
    const takes = isSwitch(setting) ? undefined : setting.isSecret ? 'FILE' : setting.takes;
    const { help, choices, isList = false } = setting;
    return [flagOf(inputOf(setting)), { takes, help, choices, isList }];
  });
  const own = Object.entries(command.flags ?? {}).map(([name, flag]): [string, KnownFlag] => [
    flagOf(name),
    flag,
  ]);
  const config: [string, KnownFlag] = ['--config', { takes: 'FILE', help: 'Settings as TOML' }];
  return new Map([...own, ...settings, ...(settings.length > 0 ? [config] : []), HELP_FLAG]);
}

/** Flags that were not given yet, or may be repeated. */
function wantFlag(flags: ReadonlyMap<string, KnownFlag>, before: readonly string[], word: string): Wanted {
  const given = new Set(before.map((one) => one.split('=')[0]));
  const words = [...flags]
    .filter(([name, { isList }]) => isList || !given.has(name))
    .map(([text, { help }]) => ({ text, help }));
  return chooseWords(words, word);
}

function wantValue({ takes = '', choices }: KnownFlag, lead: string, start: string): Wanted {
  if (choices)
    return chooseWords(
      choices.map((text) => ({ text: lead + text, help: '' })),
      lead + start,
    );
  const kind = Object.hasOwn(LOOKED_UP, takes) ? LOOKED_UP[takes] : undefined;
  return kind ? { kind, lead, start } : { kind: 'words', words: [] };
}

/** Counts the words that are neither flags nor their values. */
const countOperands = (before: readonly string[], flags: ReadonlyMap<string, KnownFlag>): number =>
  before.filter((one, index) => {
    const isValue = flags.get(before[index - 1] ?? '')?.takes !== undefined;
    return !one.startsWith('-') && !isValue;
  }).length;

const chooseWords = (words: readonly Candidate[], start: string): Wanted => ({
  kind: 'words',
  words: words.filter(({ text }) => text.startsWith(start)),
});
