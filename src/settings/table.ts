import { readThreshold } from '../domain/finding/thresholds.ts';
import { MAX_UNSEALED_SAMPLES } from '../domain/unsealed.ts';
import { LOG_LEVELS } from '../log.ts';
import { ACCESS_SETTINGS } from './access.ts';
import { AGENT_SETTINGS } from './agent.ts';
import { DATABASE_SETTINGS } from './database.ts';
import { parseListener } from './listener.ts';
import { MAIL_SETTINGS } from './mail.ts';
import { NETWORK_SETTINGS } from './network.ts';
import { PUSH_SETTINGS } from './push.ts';
import type { SettingTable, Values } from './setting.ts';
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

/** Every setting of every command. */
export const SETTINGS = {
  host: {
    name: 'host',
    takes: 'ADDRESS',
    otherwise: '127.0.0.1',
    help: 'Address to listen on; 0.0.0.0 is all addresses of this machine (see docs/access.md)',
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
    help: 'Where to listen instead of --host and --port; also unix:PATH, and http://ADDRESS:PORT without TLS',
    ...list(
      'addresses such as 127.0.0.1:8080, [::1]:8080 or unix:/run/hpc-observe/http.sock?mode=0660&group=slurm',
      (word) => parseListener(word) !== undefined,
    ),
  },
  ...NETWORK_SETTINGS,
  ...ACCESS_SETTINGS,
  ...MAIL_SETTINGS,
  ...DATABASE_SETTINGS,
  demo: {
    name: 'demo',
    otherwise: 'false',
    help: 'Show a made-up cluster, stored in ./hpc-observe-demo.db or a schema of its own',
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
  ...PUSH_SETTINGS,
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
  maxUnsealedSamples: {
    name: 'max-unsealed-samples',
    takes: 'NUMBER',
    otherwise: String(MAX_UNSEALED_SAMPLES),
    help: 'Samples that may wait to be packed before batches get 503; a million takes 16 MB',
    ...integer(10_000, 1e9),
  },
  thresholds: {
    name: 'threshold',
    takes: 'NAME=NUMBER',
    otherwise: '',
    help: 'Numbers by which findings judge, where the site has others (see docs/findings.md)',
    ...list(
      'thresholds such as gpu-low-percent=20, by the names in docs/findings.md',
      (word) => readThreshold(word) !== undefined,
    ),
  },
  policies: {
    name: 'policies',
    takes: 'FILE',
    otherwise: '',
    help: 'Policies of the site in TOML: whom to tell about which jobs (see docs/policies.md)',
    ...optionalText,
  },
  allowScancel: {
    name: 'allow-scancel',
    otherwise: 'false',
    help: 'Let policies cancel jobs that say act = true; otherwise that is only rehearsed',
    ...switched,
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
    help: 'Where the service is, or services on one database; by default here, as --listen or --port say',
    ...place,
  },
  serverCa: {
    name: 'server-ca',
    takes: 'FILE',
    otherwise: '',
    help: 'Authority of the certificate at --server, in PEM, if it is one that only the site knows',
    ...optionalText,
  },
  ...AGENT_SETTINGS,
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
const CLIENT_KEYS = [
  'server',
  'serverCa',
  'token',
  'intervalMs',
  'node',
  'agentSpool',
  'agentSpoolBytes',
  'agentListen',
] as const satisfies readonly SettingKey[];
type ClientKey = (typeof CLIENT_KEYS)[number];
/** The settings of the service. */
export const SERVICE_KEYS = SETTING_KEYS.filter(
  (key): key is Exclude<SettingKey, ClientKey> => !CLIENT_KEYS.some((one) => one === key),
);
export type ServiceConfig = Pick<Config, (typeof SERVICE_KEYS)[number]>;
