import { LOG_LEVELS } from '../log.ts';
import { DEFAULT_SPOOL } from '../slurm/hooks/scripts.ts';
import { choice, duration, integer, interval, retention, text } from './values.ts';

/** One setting: `sample-retention` is --sample-retention, HPC_OBSERVE_SAMPLE_RETENTION and sample_retention. */
export interface Setting<Value> {
  readonly name: string;
  /** What stands for the value in the help; undefined for a switch. */
  readonly takes?: string;
  readonly help: string;
  readonly otherwise: string;
  /** Undefined when the text is no value. */
  readonly parse: (text: string) => Value | undefined;
  /** Describes a good value; completes a sentence that begins "must be". */
  readonly expects: string;
}

export const SETTINGS = {
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
  slurmBin: {
    name: 'slurm-bin',
    takes: 'FOLDER',
    otherwise: 'auto',
    help: 'Folder of Slurm’s commands; auto: PATH, /opt/slurm/bin and the like',
    expects: 'auto or the whole path of a folder, from / on',
    parse: (value: string) =>
      value === 'auto' ? { path: undefined } : value.startsWith('/') ? { path: value } : undefined,
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

export type SettingKey = keyof typeof SETTINGS;
export const KEYS = Object.keys(SETTINGS) as SettingKey[];
/** The names of all settings, and of the file that has them. */
export const NAMES = [...KEYS.map((key) => SETTINGS[key].name), 'config'];
export const keyOf = (name: string) => KEYS.find((key) => SETTINGS[key].name === name);
export const variableOf = (name: string) => `HPC_OBSERVE_${name.toUpperCase().replaceAll('-', '_')}`;
export const isSwitch = (key: SettingKey) => !('takes' in SETTINGS[key]);

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
