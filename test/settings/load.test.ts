import { expect, test } from 'bun:test';
import { OperatorError, UsageError } from '../../src/domain/errors.ts';
import { locateDatabase } from '../../src/settings/database.ts';
import { loadConfig, type Surroundings, type Taken } from '../../src/settings/load.ts';
import { type Config, SETTING_KEYS, type SettingKey } from '../../src/settings/table.ts';

interface Given {
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** The text of /etc/c.toml, the only file there is. */
  readonly file?: string;
}

const surroundings = ({ args = [], env = {}, file }: Given): Surroundings => ({
  args,
  env,
  readFile: (path) => {
    if (path !== '/etc/c.toml' || file === undefined) throw new Error(`no such file ${path}`);
    return file;
  },
});

const load = (given: Given) => loadConfig(SETTING_KEYS, {}, surroundings(given));

const DAY_MS = 86_400_000;
const DEFAULTS: Config = {
  host: '127.0.0.1',
  port: 8080,
  listen: [],
  open: false,
  publicUrl: null,
  basePath: '',
  serverNames: [],
  corsOrigins: [],
  frameAncestors: [],
  peers: [],
  peerTokens: null,
  trustedProxies: [],
  userHeader: 'X-Remote-User',
  tlsCert: null,
  tlsKey: null,
  clientListen: [],
  clientCa: null,
  clientRole: 'ingest',
  admins: [],
  viewers: [],
  ingesters: [],
  visibility: 'auto',
  coordinators: [],
  cluster: null,
  mungeSocket: null,
  oidcIssuer: null,
  oidcClientId: 'hpc-observe',
  oidcSecret: null,
  oidcScopes: 'openid profile',
  oidcUserClaim: 'preferred_username',
  oidcGroupClaim: 'groups',
  metricsAccess: 'viewers',
  healthAccess: 'anyone',
  database: './hpc-observe.db',
  databasePassword: null,
  databaseReads: null,
  demo: false,
  sampleRetentionMs: 30 * DAY_MS,
  summaryRetentionMs: 730 * DAY_MS,
  jobRetentionMs: null,
  endedSeriesMs: 60_000,
  metricsMaxSeries: 200_000,
  push: null,
  pushFormat: 'auto',
  pushIntervalMs: 15_000,
  pushToken: null,
  pushUser: null,
  pushPassword: null,
  pushCa: null,
  slurm: 'auto',
  slurmBin: null,
  slurmIntervalMs: 30_000,
  spool: '/var/spool/hpc-observe',
  maxBodyBytes: 1024 * 1024,
  maxUnsealedSamples: 4_000_000,
  thresholds: [],
  policies: null,
  allowScancel: false,
  logLevel: 'info',
  logFormat: 'auto',
  smtp: null,
  smtpUser: null,
  smtpPassword: null,
  mailFrom: null,
  mailDomain: null,
  server: null,
  serverCa: null,
  intervalMs: 15_000,
  node: null,
  agentSpool: '/var/lib/hpc-observe-agent',
  agentSpoolBytes: 64 * 1024 * 1024,
  agentListen: null,
  token: null,
};

test('without anything the defaults are in force', () => {
  const { config, origins } = load({});
  expect(config).toEqual(DEFAULTS);
  expect(new Set([...origins.values()].map(({ origin }) => origin))).toEqual(new Set(['default']));
});

const FROM_FILE = { args: ['--config', '/etc/c.toml'] };
const TAKEN: [string, Given, Partial<Config>][] = [
  ['a flag', { args: ['--port', '9000'] }, { port: 9000 }],
  ['a flag with =', { args: ['--port=9000'] }, { port: 9000 }],
  ['the last of a flag', { args: ['--port', '1', '--port', '2'] }, { port: 2 }],
  ['a list', { args: ['--admins', 'alice, @hpc'] }, { admins: ['alice', '@hpc'] }],
  ['a repeated list', { args: ['--admins', 'a', '--admins=b,c'] }, { admins: ['a', 'b', 'c'] }],
  ['an array in a file', { ...FROM_FILE, file: 'admins = ["a", "@b"]' }, { admins: ['a', '@b'] }],
  ['a variable', { env: { HPC_OBSERVE_PORT: '9001' } }, { port: 9001 }],
  ['somebody else’s variable', { env: { PORT: '9001', HPC_OBSERVER: 'x' } }, {}],
  ['a file', { ...FROM_FILE, file: 'port = 9002\nhost = "0.0.0.0"' }, { port: 9002, host: '0.0.0.0' }],
  [
    'a file named by a variable',
    { env: { HPC_OBSERVE_CONFIG: '/etc/c.toml' }, file: 'port = 9002' },
    { port: 9002 },
  ],
  ['a flag before a variable', { args: ['--port', '1'], env: { HPC_OBSERVE_PORT: '2' } }, { port: 1 }],
  [
    'a variable before a file',
    { ...FROM_FILE, env: { HPC_OBSERVE_PORT: '2' }, file: 'port = 3' },
    { port: 2 },
  ],
  ['an interval', { args: ['--slurm-interval', '2s'] }, { slurmIntervalMs: 2000 }],
  ['a folder of Slurm', { args: ['--slurm-bin', '/opt/slurm/bin'] }, { slurmBin: '/opt/slurm/bin' }],
  ['port 0', { args: ['--port', '0'] }, { port: 0 }],
  ['port 65535', { args: ['--port', '65535'] }, { port: 65_535 }],
  ['an address of IPv6', { args: ['--host', '::'] }, { host: '::' }],
  ['a retention', { args: ['--sample-retention', '36h'] }, { sampleRetentionMs: 1.5 * DAY_MS }],
  ['keep', { args: ['--sample-retention', 'keep'] }, { sampleRetentionMs: null }],
  ['years', { args: ['--job-retention', '2y'] }, { jobRetentionMs: 730 * DAY_MS }],
  ['a retention in a file', { ...FROM_FILE, file: 'job_retention = "1d"' }, { jobRetentionMs: DAY_MS }],
  ['no ended series', { args: ['--ended-series', '0s'] }, { endedSeriesMs: 0 }],
  ['the smallest body', { args: ['--max-body-bytes', '1024'] }, { maxBodyBytes: 1024 }],
  [
    'a log',
    { args: ['--log-level', 'debug', '--log-format', 'json'] },
    { logLevel: 'debug', logFormat: 'json' },
  ],
  ['a database', { args: ['--database', '/var/lib/x.db'] }, { database: '/var/lib/x.db' }],
  ['the demonstration', { args: ['--demo'] }, { demo: true, database: './hpc-observe-demo.db' }],
  [
    'the demonstration in a file',
    { ...FROM_FILE, file: 'demo = true' },
    { demo: true, database: './hpc-observe-demo.db' },
  ],
  ['no demonstration', { env: { HPC_OBSERVE_DEMO: 'false' }, args: ['--database', 'x'] }, { database: 'x' }],
];
test.each(TAKEN)('%s is taken', (_, given, changed) => {
  expect(load(given).config).toEqual({ ...DEFAULTS, ...changed });
});

test('origins tell where each value came from', () => {
  const given = {
    args: ['--config=/etc/c.toml', '--port', '1'],
    env: { HPC_OBSERVE_HOST: 'h' },
    file: 'log_level = "warn"',
  };
  const { origins } = load(given);
  expect(Object.fromEntries([...origins].filter(([, { origin }]) => origin !== 'default'))).toEqual({
    port: { text: '1', origin: '--port' },
    host: { text: 'h', origin: 'HPC_OBSERVE_HOST' },
    'log-level': { text: 'warn', origin: 'log_level in /etc/c.toml' },
  });
});

const REFUSED: [string, Given, ...string[]][] = [
  [
    'a port with letters',
    { args: ['--port', 'http'] },
    '--port must be a whole number from 0 to 65535, not "http".',
  ],
  ['a port too large', { args: ['--port', '65536'] }, '--port must be'],
  ['a port below 0', { args: ['--port=-1'] }, '--port must be'],
  ['a port with a point', { args: ['--port', '80.5'] }, '--port must be'],
  ['no port', { args: ['--port', ''] }, '--port must be', 'not ""'],
  [
    'an interval too short',
    { args: ['--slurm-interval', '999ms'] },
    '--slurm-interval must be a duration from',
  ],
  ['an interval too long', { args: ['--slurm-interval', '61m'] }, '--slurm-interval must be a duration from'],
  ['an empty variable', { env: { HPC_OBSERVE_PORT: '' } }, 'HPC_OBSERVE_PORT must be'],
  ['an empty host', { args: ['--host='] }, '--host must be a text that is not empty'],
  ['a flag without its value', { args: ['--port'] }, '--port needs a value.'],
  ['an unknown flag', { args: ['--colour', '1'] }, '--colour is not a known flag; see --help.'],
  ['a slip', { args: ['--prot', '1'] }, '--prot is not a known flag. Did you mean --port?'],
  [
    'a folder of Slurm from here on',
    { args: ['--slurm-bin', 'bin'] },
    '--slurm-bin must be auto or an absolute path',
  ],
  ['an unknown short flag', { args: ['-p', '1'] }, '-p is not a known flag'],
  ['a word', { args: ['now'] }, 'Only flags are expected here; see --help.'],
  [
    'an unknown variable',
    { env: { HPC_OBSERVE_X: '1' } },
    'HPC_OBSERVE_X is not a known variable; see --help.',
  ],
  ['a slip in a variable', { env: { HPC_OBSERVE_PROT: '1' } }, 'Did you mean HPC_OBSERVE_PORT?'],
  [
    'a duration without a unit',
    { args: ['--sample-retention', '30'] },
    '--sample-retention must be a duration',
    'or keep',
  ],
  ['keep where there is none', { args: ['--ended-series', 'keep'] }, '--ended-series must be a duration'],
  [
    'an unknown level',
    { args: ['--log-level', 'trace'] },
    '--log-level must be one of debug, info, warn, error',
  ],
  ['a body too small', { args: ['--max-body-bytes', '1023'] }, 'from 1024 to 1073741824'],
  ['a value for a switch', { args: ['--demo=perhaps'] }, '--demo must be true or false, not "perhaps".'],
  ['a demonstration on a named database', { args: ['--demo', '--database', 'x'] }, 'leave out --database'],
  [
    'the same from a variable',
    { args: ['--demo'], env: { HPC_OBSERVE_DATABASE: 'x' } },
    'leave out HPC_OBSERVE_DATABASE',
  ],
  ['a file that is missing', { args: ['--config', '/no.toml'] }, '/no.toml cannot be read', 'no such file'],
  ['a file that is no TOML', { ...FROM_FILE, file: 'port = = 1' }, '/etc/c.toml is not valid TOML'],
  [
    'an unknown name in a file',
    { ...FROM_FILE, file: 'prot = 1' },
    'prot in /etc/c.toml is not a known setting',
  ],
  [
    'a flag’s name in a file',
    { ...FROM_FILE, file: 'log-level = "info"' },
    'log-level in /etc/c.toml is not a known setting',
  ],
  [
    'a list in a file',
    { ...FROM_FILE, file: 'port = [1]' },
    'port in /etc/c.toml must be',
    'not a table or a list',
  ],
  ['a table in a file', { ...FROM_FILE, file: '[port]\na = 1' }, 'not a table or a list'],
  ['a wrong value in a file', { ...FROM_FILE, file: 'port = "x"' }, 'port in /etc/c.toml must be', '"x"'],
];
test.each(REFUSED)('%s is refused', (_, given, ...words) => {
  let message = '';
  try {
    load(given);
  } catch (error) {
    expect(error).toBeInstanceOf(OperatorError);
    message = (error as Error).message;
  }
  for (const word of words) expect(message).toContain(word);
});

test('the value of an unknown flag is not a fault of its own', () => {
  expect(() => load({ args: ['--prot', '9000', 'extra'] })).toThrow(
    '--prot is not a known flag. Did you mean --port?\nOnly flags are expected here; see --help.',
  );
});

test('the password of a database is read from its file, and shown nowhere', () => {
  const address = 'postgres://obs:hunter2@db.example.org/obs?search_path=x';
  const { config, origins } = load({ args: ['--database', address] });
  expect(locateDatabase(config)).toBe(address);
  const shown = 'postgres://obs@db.example.org/obs?search_path=x';
  expect(origins.get('database')).toEqual({ text: shown, origin: '--database' });
  const fromFile = load({
    args: ['--database', address, '--database-password-file', '/etc/c.toml'],
    file: 'p@ss:w/rd?#%\n',
  });
  const password = new URL(locateDatabase(fromFile.config)).password;
  expect(decodeURIComponent(password)).toBe('p@ss:w/rd?#%');
  expect(locateDatabase(load({ env: { HPC_OBSERVE_DATABASE_PASSWORD: 'x' } }).config)).toBe(
    './hpc-observe.db',
  );
  for (const wrong of ['postgres://obs:hunter2@db:99999/x', 'postgres:obs:hunter2', 'postgres:///hunter2'])
    expect(() => load({ args: ['--database', wrong] })).toThrow(
      /^--database must be the path of a file, or an address such as postgres:[^ ]+, not "postgres:\/\/…"\.$/,
    );
});

test('the demonstration has a schema of its own in a PostgreSQL database', () => {
  const { config, origins } = load({ args: ['--demo', '--database', 'postgres://obs:hunter2@db/obs'] });
  expect(config.database).toBe('postgres://obs:hunter2@db/obs?search_path=hpc_observe_demo');
  expect(origins.get('database')).toEqual({
    text: 'postgres://obs@db/obs?search_path=hpc_observe_demo',
    origin: '--database with --demo',
  });
});

test('what is not understood is another error than a file that cannot be read', () => {
  const errorOf = (given: Given) => {
    try {
      load(given);
    } catch (error) {
      return error;
    }
  };
  const missing = { args: ['--config', '/no.toml'] };
  expect(errorOf(missing)).not.toBeInstanceOf(UsageError);
  expect(errorOf({ args: [...missing.args, '--prot'] })).toBeInstanceOf(UsageError);
  expect(errorOf({ ...FROM_FILE, file: 'prot = 1' })).toBeInstanceOf(UsageError);
});

test('all faults are told at once, one a line', () => {
  const given = {
    ...FROM_FILE,
    env: { HPC_OBSERVE_HOST: '', HPC_OBSERVE_X: '1' },
    file: 'port = "x"\ny = 1',
  };
  expect(() => load({ ...given, args: [...FROM_FILE.args, '--log-level', 'loud'] })).toThrow(
    [
      'HPC_OBSERVE_X is not a known variable; see --help.',
      'y in /etc/c.toml is not a known setting; see --help.',
      'HPC_OBSERVE_HOST must be a text that is not empty, not "".',
      'port in /etc/c.toml must be a whole number from 0 to 65535, not "x".',
      '--log-level must be one of debug, info, warn, error, not "loud".',
    ].join('\n'),
  );
});

/** What a command that declares only these settings loads. */
const loadFor = (keys: readonly SettingKey[], taken: Taken, given: Given) =>
  loadConfig(keys, taken, surroundings(given));

test('a command reads only its own settings, and those of other commands are no fault of it', () => {
  const { config, origins } = loadFor(
    ['spool'],
    {},
    {
      args: ['--config', '/etc/c.toml', '--spool', '/srv/spool'],
      env: { HPC_OBSERVE_PORT: 'not a port', HPC_OBSERVE_DEMO: 'true' },
      file: 'sample_retention = "for a while"',
    },
  );
  expect(config).toEqual({ spool: '/srv/spool' } as Config);
  expect([...origins.keys()]).toEqual(['spool']);
});

test('a flag of another command, and a variable that no command knows, are faults of every command with settings', () => {
  const given = { args: ['--port', '80'], env: { HPC_OBSERVE_SPOL: '/srv' } };
  expect(() => loadFor(['spool'], {}, given)).toThrow(
    '--port is not a known flag; see --help.\nHPC_OBSERVE_SPOL is not a known variable. Did you mean HPC_OBSERVE_SPOOL?',
  );
});

test('a command without settings works whatever is in the environment', () => {
  expect(loadFor([], {}, { env: { HPC_OBSERVE_SPOL: '/srv' } }).config).toEqual({} as Config);
});

const OWN: Taken = {
  flags: { until: { takes: 'DATE', help: '' }, node: { help: '' } },
  operands: ['FOLDER'],
};

test('a command gets its own flags and the words beside them', () => {
  const { flags, operands } = loadFor(['spool'], OWN, { args: ['--until=now', 'here', '--node'] });
  expect([...flags]).toEqual([
    ['until', 'now'],
    ['node', 'true'],
  ]);
  expect(operands).toEqual(['here']);
});

test.each([
  [[], 'FOLDER is missing; see --help.'],
  [['a', 'b'], 'Only FOLDER is expected beside flags; see --help.'],
  [['a', '--until'], '--until needs a value.'],
  [['a', '--node=no'], '--node takes no value.'],
  [['a', '--nod'], '--nod is not a known flag. Did you mean --node?'],
])('the arguments %j of a command are refused', (args, message) => {
  expect(() => loadFor(['spool'], OWN, { args })).toThrow(message);
});

test.each([
  ['https://portal.example.org', 'https://portal.example.org'],
  ['https://portal.example.org/', 'https://portal.example.org'],
  ['HTTPS://Portal.example.org:443/hpc-observe/', 'https://portal.example.org/hpc-observe'],
  ['http://head:8080/a/b.c_d~e', 'http://head:8080/a/b.c_d~e'],
])('%s is a public URL', (given, url) => {
  expect(load({ args: ['--public-url', given] }).config.publicUrl).toBe(url);
});

test.each([
  ['--public-url', 'portal.example.org'],
  ['--public-url', 'ftp://portal'],
  ['--public-url', 'https://user@portal'],
  ['--public-url', 'https://portal/?a'],
  ['--public-url', 'https://portal/#a'],
  ['--public-url', 'https://portal/a b'],
  ['--base-path', 'hpc-observe'],
  ['--base-path', '//evil.com'],
  ['--base-path', '/a//b'],
  ['--base-path', '/a/../b'],
  ['--base-path', '/:jobId'],
  ['--base-path', '/*'],
  ['--base-path', '/a"b'],
  ['--base-path', '/a%2f'],
  ['--cors-origin', '*'],
  ['--frame-ancestors', 'https://a.org/path'],
  ['--frame-ancestors', "'none'"],
  ['--frame-ancestors', 'https://a.org;b'],
  ['--cors-origin', 'null'],
  ['--cors-origin', 'https://a.org/'],
  ['--cors-origin', 'https://a.org:443'],
  ['--cors-origin', 'a.org'],
  ['--server-names', 'a:8080'],
  ['--server-names', '*.a.org'],
  ['--trusted-proxy', 'proxy.example.org'],
  ['--trusted-proxy', '10.0.0.0/33'],
  ['--trusted-proxy', '10.0.0.0/8/8'],
  ['--trusted-proxy', '10.0.0.0/'],
  ['--trusted-proxy', 'user:'],
  ['--trusted-proxy', 'unix:/run/x'],
  ['--user-header', ''],
  ['--user-header', 'X Remote'],
  ['--user-header', 'X_Remote_User'],
  ['--client-role', 'root'],
])('%s may not be %s', (flag, value) => {
  expect(() => load({ args: [flag, value] })).toThrow(UsageError);
});
