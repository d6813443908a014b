import { StartError, UsageError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';
import type { LogFormat, LogLevel } from '../log.ts';
import { describeUnknownFlag, dropStrayValues, readTokens } from './arguments.ts';
import { findLikely } from './suggest.ts';
import { isSwitch, KEYS, keyOf, NAMES, SETTINGS, type SettingKey, variableOf } from './table.ts';

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly demo: boolean;
  readonly sampleRetentionMs: number | undefined;
  readonly summaryRetentionMs: number | undefined;
  readonly jobRetentionMs: number | undefined;
  readonly endedSeriesMs: number;
  readonly metricsMaxSeries: number;
  readonly maxBodyBytes: number;
  readonly slurm: 'auto' | 'on' | 'off';
  /** Undefined: PATH and the usual folders. */
  readonly slurmBin: string | undefined;
  readonly slurmIntervalMs: number;
  readonly spool: string;
  readonly logLevel: LogLevel;
  readonly logFormat: 'auto' | 'text' | 'json';
}

/** A value as text, and where it came from. */
interface Given {
  readonly text: string;
  readonly origin: string;
}

interface Sources {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads the configuration file as text; throws when it cannot. */
  readonly readFile: (path: string) => string;
}

/**
 * The configuration: flags before HPC_OBSERVE_* variables before the TOML file of --config before the defaults.
 * `origins` says of each setting, by its name, its text and where it came from. Throws UsageError with every fault at once,
 * and StartError when it is only that the file cannot be read.
 */
export function loadConfig(sources: Sources): { config: Config; origins: ReadonlyMap<string, Given> } {
  const faults: string[] = [];
  const flags = readFlags(sources.args, faults);
  const variables = readVariables(sources.env, faults);
  const path = flags.get('config') ?? variables.get('config');
  const text = path && readConfigFile(path.text, sources.readFile);
  if (text instanceof StartError && faults.length === 0) throw text;
  if (text instanceof StartError) faults.push(text.message);
  const file = typeof text === 'string' ? readTable(path!.text, text, faults) : new Map<string, Given>();
  const origins = new Map<string, Given>();
  const values: Partial<Record<SettingKey, unknown>> = {};
  for (const key of KEYS) {
    const { name, otherwise, parse, expects } = SETTINGS[key];
    const given = flags.get(name) ??
      variables.get(name) ??
      file.get(name) ?? { text: otherwise, origin: 'default' };
    values[key] = parse(given.text);
    if (values[key] === undefined)
      faults.push(`${given.origin} must be ${expects}, not ${JSON.stringify(given.text)}.`);
    origins.set(name, given);
  }
  if (values.demo === true) keepDemoApart(values, origins, faults);
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
  return { config: toConfig(values), origins };
}

/** The format of the log: `auto` is text on a terminal, and JSON where a program reads it. */
export const chooseLogFormat = ({ logFormat }: Pick<Config, 'logFormat'>): LogFormat =>
  logFormat === 'auto' ? (process.stderr.isTTY ? 'text' : 'json') : logFormat;

/** Only the demonstration makes data up, so it never touches a database that somebody named. */
function keepDemoApart(values: Record<string, unknown>, origins: Map<string, Given>, faults: string[]): void {
  const { origin } = origins.get('database')!;
  if (origin !== 'default') faults.push(`--demo keeps its own database: leave out ${origin}.`);
  values.database = './hpc-observe-demo.db';
  origins.set('database', { text: './hpc-observe-demo.db', origin: '--demo' });
}

function toConfig(values: Partial<Record<SettingKey, unknown>>): Config {
  const value = <Key extends SettingKey>(key: Key) =>
    values[key] as Exclude<ReturnType<(typeof SETTINGS)[Key]['parse']>, undefined>;
  return {
    host: value('host'),
    port: value('port'),
    database: value('database'),
    demo: value('demo'),
    sampleRetentionMs: value('sampleRetention').ms,
    summaryRetentionMs: value('summaryRetention').ms,
    jobRetentionMs: value('jobRetention').ms,
    endedSeriesMs: value('endedSeries'),
    metricsMaxSeries: value('metricsMaxSeries'),
    slurm: value('slurm'),
    slurmBin: value('slurmBin').path,
    slurmIntervalMs: value('slurmInterval'),
    spool: value('spool'),
    maxBodyBytes: value('maxBodyBytes'),
    logLevel: value('logLevel'),
    logFormat: value('logFormat'),
  };
}

function readFlags(args: readonly string[], faults: string[]): Map<string, Given> {
  const given = new Map<string, Given>();
  const kinds = KEYS.map((key) => [SETTINGS[key].name, isSwitch(key) ? 'switch' : 'text'] as const);
  const tokens = readTokens(args, { ...Object.fromEntries(kinds), config: 'text' });
  for (const token of dropStrayValues(tokens, (name) => name === 'config' || keyOf(name) !== undefined)) {
    if (token.kind !== 'option') {
      if (token.kind === 'positional') faults.push(`${JSON.stringify(token.value)} is not expected here.`);
      continue;
    }
    const key = keyOf(token.name);
    if (!key && token.name !== 'config') faults.push(describeUnknownFlag(token.rawName, NAMES));
    else if (token.value === undefined && !(key && isSwitch(key)))
      faults.push(`${token.rawName} needs a value.`);
    else given.set(token.name, { text: token.value ?? 'true', origin: token.rawName });
  }
  return given;
}

function readVariables(env: Sources['env'], faults: string[]): Map<string, Given> {
  const given = new Map<string, Given>();
  const names = new Map(NAMES.map((name) => [variableOf(name), name]));
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('HPC_OBSERVE_') || value === undefined) continue;
    const name = names.get(variable);
    if (name) given.set(name, { text: value, origin: variable });
    else {
      const likely = findLikely(variable, [...names.keys()]);
      faults.push(
        `${variable} is not a known variable${likely ? `. Did you mean ${likely}?` : '; see --help.'}`,
      );
    }
  }
  return given;
}

function readConfigFile(path: string, readFile: Sources['readFile']): string | StartError {
  try {
    return readFile(path);
  } catch (error) {
    return new StartError(`${path} cannot be read: ${explainSystemError(error)}.`, { cause: error });
  }
}

function readTable(path: string, text: string, faults: string[]): Map<string, Given> {
  const given = new Map<string, Given>();
  let table: Record<string, unknown> = {};
  try {
    table = Bun.TOML.parse(text) as Record<string, unknown>;
  } catch (error) {
    faults.push(`${path} cannot be read as TOML: ${error instanceof Error ? error.message : String(error)}.`);
  }
  for (const [name, value] of Object.entries(table)) {
    const origin = `${name} in ${path}`;
    const setting = keyOf(name.replaceAll('_', '-'));
    if (!setting || name.includes('-')) faults.push(`${origin} is not a known setting; see --help.`);
    else if (typeof value === 'object')
      faults.push(`${origin} must be ${SETTINGS[setting].expects}, not a table or a list.`);
    else given.set(SETTINGS[setting].name, { text: String(value), origin });
  }
  return given;
}
