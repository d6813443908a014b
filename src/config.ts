import { parseArgs } from 'node:util';
import { StartError } from './domain/errors.ts';
import { LOG_LEVELS, type LogLevel } from './log.ts';
import { DEFAULT_SPOOL } from './slurm/hooks.ts';
import { choice, duration, integer, interval, retention, text } from './values.ts';

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
  readonly slurmIntervalMs: number;
  readonly spool: string;
  readonly logLevel: LogLevel;
  readonly logFormat: 'auto' | 'text' | 'json';
}

/** One setting: `sample-retention` is --sample-retention, HPC_OBSERVE_SAMPLE_RETENTION and sample_retention. */
interface Setting<Value> {
  readonly name: string;
  /** What stands for the value in the help; undefined for a switch. */
  readonly takes?: string;
  readonly help: string;
  readonly otherwise: string;
  /** Undefined when the text is no value. */
  readonly parse: (text: string) => Value | undefined;
  /** What a value has to be, to follow "must be". */
  readonly expects: string;
}

const SETTINGS = {
  host: { name: 'host', takes: 'ADDRESS', otherwise: '127.0.0.1', help: 'Address to listen on', ...text },
  port: {
    name: 'port',
    takes: 'NUMBER',
    otherwise: '8080',
    help: 'Port to listen on; 0 takes a free one',
    ...integer(0, 65_535),
  },
  database: {
    name: 'database',
    takes: 'FILE',
    otherwise: './hpc-observe.db',
    help: 'Database file; made when it is missing',
    ...text,
  },
  demo: {
    name: 'demo',
    otherwise: 'false',
    help: 'Show a made-up cluster, in ./hpc-observe-demo.db',
    expects: 'true or false',
    parse: (value: string) => (value === 'true' ? true : value === 'false' ? false : undefined),
  },
  sampleRetention: {
    name: 'sample-retention',
    takes: 'TIME',
    otherwise: '30d',
    help: 'How long samples are kept; keep: for ever',
    ...retention,
  },
  summaryRetention: {
    name: 'summary-retention',
    takes: 'TIME',
    otherwise: '2y',
    help: 'How long their 15-minute points are kept',
    ...retention,
  },
  jobRetention: {
    name: 'job-retention',
    takes: 'TIME',
    otherwise: 'keep',
    help: 'How long jobs are kept after their end',
    ...retention,
  },
  endedSeries: {
    name: 'ended-series',
    takes: 'TIME',
    otherwise: '60s',
    help: 'How long /metrics shows a job after its end',
    ...duration,
  },
  metricsMaxSeries: {
    name: 'metrics-max-series',
    takes: 'NUMBER',
    otherwise: '200000',
    help: 'Most series of jobs on /metrics; the smallest jobs are left out',
    ...integer(0, 1e9),
  },
  slurm: {
    name: 'slurm',
    takes: 'WHEN',
    otherwise: 'auto',
    help: 'Follow Slurm’s jobs: on, off, or auto: where squeue is',
    ...choice('auto', 'on', 'off'),
  },
  slurmInterval: {
    name: 'slurm-interval',
    takes: 'TIME',
    otherwise: '30s',
    help: 'How often squeue is asked; less often where it takes long',
    ...interval,
  },
  spool: {
    name: 'spool',
    takes: 'FOLDER',
    otherwise: DEFAULT_SPOOL,
    help: 'Folder that Slurm’s hooks on this machine write to',
    ...text,
  },
  maxBodyBytes: {
    name: 'max-body-bytes',
    takes: 'NUMBER',
    otherwise: String(1024 * 1024),
    help: 'Largest body of a single write',
    ...integer(1024, 1024 ** 3),
  },
  logLevel: {
    name: 'log-level',
    takes: 'LEVEL',
    otherwise: 'info',
    help: 'debug (every request), info, warn or error',
    ...choice(...LOG_LEVELS),
  },
  logFormat: {
    name: 'log-format',
    takes: 'FORMAT',
    otherwise: 'auto',
    help: 'text, json, or auto: text on a terminal',
    ...choice('auto', 'text', 'json'),
  },
} satisfies Record<string, Setting<unknown>>;

type SettingKey = keyof typeof SETTINGS;
const KEYS = Object.keys(SETTINGS) as SettingKey[];
const keyOf = (name: string) => KEYS.find((key) => SETTINGS[key].name === name);
const variableOf = (name: string) => `HPC_OBSERVE_${name.toUpperCase().replaceAll('-', '_')}`;
const isSwitch = (key: SettingKey) => !('takes' in SETTINGS[key]);

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
 * `origins` says of each setting, by its name, its text and where it came from. Throws StartError with every fault at once.
 */
export function loadConfig(sources: Sources): { config: Config; origins: ReadonlyMap<string, Given> } {
  const faults: string[] = [];
  const flags = readFlags(sources.args, faults);
  const variables = readVariables(sources.env, faults);
  const path = flags.get('config') ?? variables.get('config');
  const file = path ? readConfigFile(path.text, sources.readFile, faults) : new Map<string, Given>();
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
  if (faults.length > 0) throw new StartError(faults.join('\n'));
  return { config: toConfig(values), origins };
}

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
    slurmIntervalMs: value('slurmInterval'),
    spool: value('spool'),
    maxBodyBytes: value('maxBodyBytes'),
    logLevel: value('logLevel'),
    logFormat: value('logFormat'),
  };
}

function readFlags(args: readonly string[], faults: string[]): Map<string, Given> {
  const given = new Map<string, Given>();
  const options = Object.fromEntries(
    KEYS.map((key) => [SETTINGS[key].name, { type: isSwitch(key) ? 'boolean' : 'string' } as const]),
  );
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...options, config: { type: 'string' } },
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') {
      if (token.kind === 'positional') faults.push(`${JSON.stringify(token.value)} is not expected here.`);
      continue;
    }
    const key = keyOf(token.name);
    if (!key && token.name !== 'config') faults.push(`${token.rawName} is not a known flag; see --help.`);
    else if (token.value === undefined && !(key && isSwitch(key)))
      faults.push(`${token.rawName} needs a value.`);
    else given.set(token.name, { text: token.value ?? 'true', origin: token.rawName });
  }
  return given;
}

function readVariables(env: Sources['env'], faults: string[]): Map<string, Given> {
  const given = new Map<string, Given>();
  const names = new Map(
    [...KEYS.map((key) => SETTINGS[key].name), 'config'].map((name) => [variableOf(name), name]),
  );
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('HPC_OBSERVE_') || value === undefined) continue;
    const name = names.get(variable);
    if (name) given.set(name, { text: value, origin: variable });
    else faults.push(`${variable} is not a known variable; see --help.`);
  }
  return given;
}

function readConfigFile(path: string, readFile: Sources['readFile'], faults: string[]): Map<string, Given> {
  const given = new Map<string, Given>();
  let table: Record<string, unknown> = {};
  try {
    table = Bun.TOML.parse(readFile(path)) as Record<string, unknown>;
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

/** The flags with their defaults, one a line, for --help. */
export function describeSettings(): string {
  const rows = KEYS.map((key): [string, string] => {
    const { name, help, otherwise } = SETTINGS[key];
    const takes = isSwitch(key) ? '' : ` ${(SETTINGS[key] as Setting<unknown>).takes}`;
    return [`--${name}${takes}`, `${help}${isSwitch(key) ? '' : ` (${otherwise})`}`];
  });
  rows.push(['--config FILE', 'Settings as TOML, named as the flags with _ for -: sample_retention = "30d"']);
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}\n`).join('');
}
