import type { Flags } from '../settings/arguments.ts';
import type { Loaded, Surroundings } from '../settings/load.ts';
import type { Config, SettingKey } from '../settings/table.ts';

/** What a command is given when it runs. */
export interface Input<Key extends SettingKey> extends Loaded<Pick<Config, Key>> {
  readonly env: Surroundings['env'];
  /** Writes to stdout. */
  readonly print: (text: string) => void;
  /** Loads all commands by name, for those that tell of others. */
  readonly loadCommands: () => Promise<ReadonlyMap<string, Command>>;
}

/** One command of the executable. */
export interface Command<Key extends SettingKey = SettingKey> {
  /** One line for the list of commands, without a full stop. */
  readonly summary: string;
  /** Lines such as `slurm import --since DATE [settings]`. */
  readonly usage: readonly string[];
  readonly examples: readonly Example[];
  /**
   * The settings that it reads. Those of other commands may
   * stand in variables and the file, but not in its flags.
   */
  readonly settings: readonly Key[];
  /** Flags that are not settings: they are neither variables nor keys of the file. */
  readonly flags?: Flags;
  /** The names of the words that must be given, such as FOLDER; `[ID...]` may be any number of them. */
  readonly operands?: readonly string[];
  /** The words that are valid for an operand, by its name, where they are few. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
  /** Returns the exit code. Throws OperatorError and UsageError, whose messages are printed. */
  run(input: Input<Key>): Promise<number>;
}

/** A command line, without the name of the executable, and what it does. */
type Example = readonly [line: string, meaning: string];

/** Infers which settings a command's `run` gets from those that it declares. */
export const defineCommand = <const Key extends SettingKey>(command: Command<Key>): Command =>
  // A command is only ever run with the settings that it declares.
  command as unknown as Command;
