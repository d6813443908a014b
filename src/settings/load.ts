import { isPostgresAddress, withoutPassword, withSchema } from '../domain/database-address.ts';
import { OperatorError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';
import type { LogFormat } from '../log.ts';
import { type FlagKind, type Flags, readArguments } from './arguments.ts';
import { Faults } from './faults.ts';
import { inputOf, isSwitch, type Setting, type SettingTable, type Values } from './setting.ts';
import { type Given, readToml, readVariables, type Source } from './sources.ts';
import { type Config, SETTINGS, type SettingKey } from './table.ts';

const DEMO_DATABASE = './hpc-observe-demo.db';
const DEMO_SCHEMA = 'hpc_observe_demo';
/** What stands for a secret wherever its value would be shown. */
export const HIDDEN = '(secret)';

/** What a command takes beside the settings that it declares. */
export interface Taken {
  readonly flags?: Flags;
  /** The names of the words that must follow, such as FOLDER. */
  readonly operands?: readonly string[];
}

export interface Surroundings {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file as text; throws if it cannot be read. */
  readonly readFile: (path: string) => string;
}

export interface Loaded<Config> {
  readonly config: Config;
  /**
   * The text of each setting and where it came from, by the setting's name; the text of a secret is hidden.
   */
  readonly origins: ReadonlyMap<string, Given>;
  /** The command's own flags that were given. */
  readonly flags: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
}

/**
 * Loads the settings that a command declares: flags before HPC_OBSERVE_* variables before the TOML file of
 * --config before defaults. Settings of other commands may stand in variables and the file. Throws UsageError
 * with all faults at once, and OperatorError if the only fault is a file that cannot be read.
 */
export function loadConfig<Key extends SettingKey>(
  keys: readonly Key[],
  taken: Taken,
  surroundings: Surroundings,
): Loaded<Pick<Config, Key>> {
  const faults = new Faults();
  // Pick<Config, Key> and Values<…, Key> are the same, which the compiler cannot see for any Key.
  const loaded = loadSettings(SETTINGS, keys, taken, surroundings, faults) as Loaded<Pick<Config, Key>>;
  const result =
    'demo' in loaded.config && loaded.config.demo === true ? separateDemo(loaded, faults) : loaded;
  faults.throwIfAny();
  return result;
}

/** As `loadConfig`, for any table. What is wrong is added to `faults`; then the values are not complete. */
export function loadSettings<Table extends SettingTable, Key extends keyof Table & string>(
  table: Table,
  keys: readonly Key[],
  { flags = {}, operands = [] }: Taken,
  { args, env, readFile }: Surroundings,
  faults: Faults,
): Loaded<Values<Table, Key>> {
  const names = Object.values(table).flatMap(inputsOf);
  const lists = new Set(Object.values(table).flatMap(({ name, isList }) => (isList ? [name] : [])));
  const given = readArguments(args, flagsOf(table, keys, flags), operands, faults);
  // A command without settings, such as `version`, works whatever is in the environment.
  const variables = readVariables(keys.length > 0 ? env : {}, [...names, 'config'], faults);
  const fromFlags = new Map(
    [...given.flags].map(([name, text]): [string, Given] => [name, { text, origin: `--${name}` }]),
  );
  const path = fromFlags.get('config') ?? variables.get('config');
  const text = path && readText(path.text, readFile, faults);
  const file =
    text === undefined ? new Map<string, Given>() : readToml(path!.text, text, names, lists, faults);
  const sources = [fromFlags, variables, file];
  const values: Partial<Record<Key, unknown>> = {};
  const origins = new Map<string, Given>();
  for (const key of keys) {
    const setting: Setting<unknown> = table[key]!;
    const found = findGiven(setting, sources, readFile, faults);
    if (!found) continue;
    values[key] = setting.parse(found.text);
    const plain = setting.show?.(found.text) ?? found.text;
    const shown = setting.isSecret ? HIDDEN : JSON.stringify(plain);
    if (values[key] === undefined) faults.add(`${found.origin} must be ${setting.expects}, not ${shown}.`);
    // An empty secret says that there is none.
    const isHidden = setting.isSecret && found.text !== '';
    origins.set(setting.name, { ...found, text: isHidden ? HIDDEN : plain });
  }
  return {
    config: values as Values<Table, Key>,
    origins,
    flags: new Map([...given.flags].filter(([name]) => Object.hasOwn(flags, name))),
    operands: given.operands,
  };
}

/** The names under which a setting can be given: a secret also as the path of the file that has it. */
const inputsOf = ({ name, isSecret }: Setting<unknown>): string[] =>
  isSecret ? [name, `${name}-file`] : [name];

function flagsOf<Table extends SettingTable>(table: Table, keys: readonly (keyof Table)[], flags: Flags) {
  const known = new Map<string, FlagKind>();
  for (const key of keys) {
    const setting = table[key]!;
    known.set(inputOf(setting), isSwitch(setting) ? 'boolean' : setting.isList ? 'list' : 'value');
  }
  if (keys.length > 0) known.set('config', 'value');
  for (const [name, { takes }] of Object.entries(flags))
    known.set(name, takes === undefined ? 'switch' : 'value');
  return known;
}

/** The text of a setting from the first source that has it; undefined, and a fault, if it cannot be read. */
function findGiven(
  { name, otherwise, isSecret }: Setting<unknown>,
  sources: readonly Source[],
  readFile: Surroundings['readFile'],
  faults: Faults,
): Given | undefined {
  for (const source of sources) {
    const direct = source.get(name);
    const path = isSecret ? source.get(`${name}-file`) : undefined;
    if (direct && path) faults.add(`${direct.origin} and ${path.origin} cannot both be given.`);
    if (path) {
      const text = readText(path.text, readFile, faults);
      // Editors end the last line of a file.
      return text === undefined
        ? undefined
        : { text: text.replace(/\r?\n$/, ''), origin: `${path.origin} (${path.text})` };
    }
    if (direct) return direct;
  }
  return { text: otherwise, origin: 'default' };
}

function readText(path: string, readFile: Surroundings['readFile'], faults: Faults): string | undefined {
  try {
    return readFile(path);
  } catch (error) {
    faults.addUnreadable(
      new OperatorError(`${path} cannot be read: ${explainSystemError(error)}.`, { cause: error }),
    );
    return undefined;
  }
}

/**
 * Only the demonstration makes data up, so it never writes to a file or schema that somebody named: it has
 * its own, in a PostgreSQL database too.
 */
function separateDemo<Loaded extends { config: { database?: string }; origins: ReadonlyMap<string, Given> }>(
  loaded: Loaded,
  faults: Faults,
): Loaded {
  const given = loaded.origins.get('database');
  if (!given) return loaded;
  const { database } = loaded.config;
  if (database !== undefined && isPostgresAddress(database)) {
    const demo = withSchema(database, DEMO_SCHEMA);
    return {
      ...loaded,
      config: { ...loaded.config, database: demo },
      origins: new Map([
        ...loaded.origins,
        ['database', { text: withoutPassword(demo), origin: `${given.origin} with --demo` }],
      ]),
    };
  }
  if (given.origin !== 'default') faults.add(`--demo uses its own database: leave out ${given.origin}.`);
  return {
    ...loaded,
    config: { ...loaded.config, database: DEMO_DATABASE },
    origins: new Map([...loaded.origins, ['database', { text: DEMO_DATABASE, origin: '--demo' }]]),
  };
}

/** Resolves `auto`: text on a terminal, else JSON. */
export const chooseLogFormat = ({ logFormat }: Pick<Config, 'logFormat'>): LogFormat =>
  logFormat === 'auto' ? (process.stderr.isTTY ? 'text' : 'json') : logFormat;
