import { AUDIENCES } from '../domain/access.ts';
import { LOG_LEVELS } from '../log.ts';
import {
  choice,
  duration,
  integer,
  interval,
  list,
  optionalText,
  place,
  retention,
  switched,
  text,
} from './values.ts';

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
  /** Describes a valid value; completes a sentence that begins "must be". */
  readonly expects: string;
  /**
   * A secret is read from the file that NAME_FILE names, or from its variable or key; never from a flag,
   * which other users could see in the list of processes. It is never printed or logged.
   */
  readonly isSecret?: true;
  /** Its flag may be repeated, and its key in a file may be an array: the words are joined with commas. */
  readonly isList?: true;
}

export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

/** The values of some settings of a table. */
export type Values<Table extends SettingTable, Key extends keyof Table> = {
  readonly [One in Key]: Exclude<ReturnType<Table[One]['parse']>, undefined>;
};

const names = list('names of users and @groups, with commas between them', (word) =>
  /^@?[^\s@,]+$/.test(word),
);

const isListener = (word: string) => /^unix:\/.+|^(\[[^\]]+\]|[^:]+):\d{1,5}$/.test(word);

/** Every setting of every command. */
export const SETTINGS = {
  host: {
    name: 'host',
    takes: 'ADDRESS',
    otherwise: '127.0.0.1',
    help: 'Address to listen on; 0.0.0.0 is all addresses of this machine',
    ...text,
  },
  port: {
    name: 'port',
    takes: 'NUMBER',
    otherwise: '8080',
    help: 'Port to listen on; 0 picks a free one',
    ...integer(0, 65_535),
  },
  listen: {
    name: 'listen',
    takes: 'ADDRESS:PORT',
    otherwise: '',
    help: 'Addresses to listen on, instead of --host and --port; also unix:/run/hpc-observe.sock',
    ...list('addresses such as 127.0.0.1:8080, [::1]:8080 or unix:/run/hpc-observe/http.sock', isListener),
  },
  open: {
    name: 'open',
    otherwise: 'false',
    help: 'Let everybody who reaches the service read and change everything',
    ...switched,
  },
  admins: {
    name: 'admins',
    takes: 'NAMES',
    otherwise: '',
    help: 'Users and @groups who may do everything, such as alice,@hpc-admins',
    ...names,
  },
  viewers: {
    name: 'viewers',
    takes: 'NAMES',
    otherwise: '',
    help: 'Users and @groups who may read all jobs, such as prometheus,@support',
    ...names,
  },
  ingesters: {
    name: 'ingesters',
    takes: 'NAMES',
    otherwise: '',
    help: 'Users and @groups who may write samples, events and completions, and read nothing',
    ...names,
  },
  visibility: {
    name: 'visibility',
    takes: 'WHAT',
    otherwise: 'auto',
    help: 'What users without another role see: own, all, or auto: as Slurm’s PrivateData says',
    ...choice('auto', 'own', 'all'),
  },
  metricsAccess: {
    name: 'metrics-access',
    takes: 'WHO',
    otherwise: 'viewers',
    help: 'Who may read /metrics: viewers (who see all jobs), known (all with a name) or anyone',
    ...choice(...AUDIENCES),
  },
  healthAccess: {
    name: 'health-access',
    takes: 'WHO',
    otherwise: 'anyone',
    help: 'Who may read /v1/health: viewers, known or anyone',
    ...choice(...AUDIENCES),
  },
  database: {
    name: 'database',
    takes: 'FILE',
    otherwise: './hpc-observe.db',
    help: 'Database file; created if it does not exist',
    ...text,
  },
  demo: {
    name: 'demo',
    otherwise: 'false',
    help: 'Show a made-up cluster, stored in ./hpc-observe-demo.db',
    ...switched,
  },
  sampleRetentionMs: {
    name: 'sample-retention',
    takes: 'TIME',
    otherwise: '30d',
    help: 'How long samples are kept; keep: forever',
    ...retention,
  },
  summaryRetentionMs: {
    name: 'summary-retention',
    takes: 'TIME',
    otherwise: '2y',
    help: 'How long the 15-minute averages of samples are kept; keep: forever',
    ...retention,
  },
  jobRetentionMs: {
    name: 'job-retention',
    takes: 'TIME',
    otherwise: 'keep',
    help: 'How long jobs are kept after their end; keep: forever',
    ...retention,
  },
  endedSeriesMs: {
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
    help: 'Maximum number of job series on /metrics; the smallest jobs are left out',
    ...integer(0, 1e9),
  },
  slurm: {
    name: 'slurm',
    takes: 'WHEN',
    otherwise: 'auto',
    help: 'Whether to follow Slurm’s jobs: on, off, or auto: if squeue is installed',
    ...choice('auto', 'on', 'off'),
  },
  slurmBin: {
    name: 'slurm-bin',
    takes: 'FOLDER',
    otherwise: 'auto',
    help: 'Folder of Slurm’s commands; auto: PATH, /opt/slurm/bin and similar',
    expects: 'auto or an absolute path',
    parse: (value: string) => (value === 'auto' ? null : value.startsWith('/') ? value : undefined),
  },
  slurmIntervalMs: {
    name: 'slurm-interval',
    takes: 'TIME',
    otherwise: '30s',
    help: 'How often squeue is run; less often if it takes long',
    ...interval,
  },
  spool: {
    name: 'spool',
    takes: 'FOLDER',
    otherwise: '/var/spool/hpc-observe',
    help: 'Folder that Slurm’s hooks on this machine write events to',
    ...text,
  },
  maxBodyBytes: {
    name: 'max-body-bytes',
    takes: 'NUMBER',
    otherwise: String(1024 * 1024),
    help: 'Largest accepted body of a single write, in bytes',
    ...integer(1024, 1024 ** 3),
  },
  logLevel: {
    name: 'log-level',
    takes: 'LEVEL',
    otherwise: 'info',
    help: 'debug (every request, commit and Slurm command), info, warn or error',
    ...choice(...LOG_LEVELS),
  },
  logFormat: {
    name: 'log-format',
    takes: 'FORMAT',
    otherwise: 'auto',
    help: 'text, json, or auto: text on a terminal, else json',
    ...choice('auto', 'text', 'json'),
  },
  server: {
    name: 'server',
    takes: 'URL',
    otherwise: '',
    help: 'Where the service is; by default on this machine, as --listen or --host and --port say',
    ...place,
  },
  token: {
    name: 'token',
    takes: 'TOKEN',
    otherwise: '',
    help: 'Token to send to the service, from a machine or a user that it does not know',
    isSecret: true,
    ...optionalText,
  },
} satisfies SettingTable;

export type SettingKey = keyof typeof SETTINGS;
export type Config = Values<typeof SETTINGS, SettingKey>;

export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];
/** The settings of commands that talk to a service, which the service itself does not read. */
const CLIENT_KEYS = ['server', 'token'] as const satisfies readonly SettingKey[];
type ClientKey = (typeof CLIENT_KEYS)[number];
/** The settings of the service. */
export const SERVICE_KEYS = SETTING_KEYS.filter(
  (key): key is Exclude<SettingKey, ClientKey> => !CLIENT_KEYS.some((one) => one === key),
);
export type ServiceConfig = Pick<Config, (typeof SERVICE_KEYS)[number]>;

/** The name under which a setting is given: of a secret, that of the file with its value. */
export const inputOf = ({ name, isSecret }: Setting<unknown>): string => (isSecret ? `${name}-file` : name);
/** The flag of a setting with the placeholder of its value, such as `--port NUMBER`. */
export const describeFlag = (setting: Setting<unknown>): string => {
  const placeholder = setting.isSecret ? 'FILE' : setting.takes;
  return flagOf(inputOf(setting)) + (placeholder === undefined ? '' : ` ${placeholder}`);
};
export const isSwitch = ({ takes }: Setting<unknown>): boolean => takes === undefined;
export const flagOf = (name: string): string => `--${name}`;
export const variableOf = (name: string): string => `HPC_OBSERVE_${name.toUpperCase().replaceAll('-', '_')}`;
/** The key in a TOML file. */
export const keyOf = (name: string): string => name.replaceAll('-', '_');
