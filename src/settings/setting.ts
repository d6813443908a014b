/**
 * One setting: `sample-retention` is --sample-retention, HPC_OBSERVE_SAMPLE_RETENTION and sample_retention in
 * a file.
 */
export interface Setting<Value> {
  readonly name: string;
  /** The placeholder of the value in help texts; undefined for a switch. */
  readonly takes?: string;
  readonly help: string;
  /** The default, as text. */
  readonly otherwise: string;
  /** Returns undefined if the text is not a valid value. */
  readonly parse: (text: string) => Value | undefined;
  /** The valid values, where they are few. */
  readonly choices?: readonly string[];
  /** Describes a valid value; completes a sentence that begins "must be". */
  readonly expects: string;
  /**
   * A secret is read from the file that NAME_FILE names, or from its variable or key; never from a flag,
   * which other users could see in the list of processes. It is never printed or logged.
   */
  readonly isSecret?: true;
  /** Returns a value without the secret that may be in it, for messages and `hpc-observe config`. */
  readonly show?: (text: string) => string;
  /** Its flag may be repeated, and its key in a file may be an array: the words are joined with commas. */
  readonly isList?: true;
}

export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

/** The values of some settings of a table. */
export type Values<Table extends SettingTable, Key extends keyof Table> = {
  readonly [One in Key]: Exclude<ReturnType<Table[One]['parse']>, undefined>;
};

export const isSwitch = ({ takes }: Setting<unknown>): boolean => takes === undefined;
export const flagOf = (name: string): string => `--${name}`;
export const variableOf = (name: string): string => `HPC_OBSERVE_${name.toUpperCase().replaceAll('-', '_')}`;
/** The key in a TOML file. */
export const keyOf = (name: string): string => name.replaceAll('-', '_');

/** The name under which a setting is given: of a secret, that of the file with its value. */
export const inputOf = ({ name, isSecret }: Setting<unknown>): string => (isSecret ? `${name}-file` : name);
/** The flag of a setting with the placeholder of its value, such as `--port NUMBER`. */
export const describeFlag = (setting: Setting<unknown>): string => {
  const placeholder = setting.isSecret ? 'FILE' : setting.takes;
  return flagOf(inputOf(setting)) + (placeholder === undefined ? '' : ` ${placeholder}`);
};
