import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { hostname, networkInterfaces, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Checkup, renderCheckups } from '../domain/checkup.ts';
import { OperatorError } from '../domain/errors.ts';
import type { Surroundings } from '../settings/load.ts';
import type { Config, SettingKey } from '../settings/table.ts';
import * as judge from '../slurm/check/judge.ts';
import { judgeAgentNeeds } from '../slurm/check/judge-agent.ts';
import { rehearseHook } from '../slurm/check/rehearse.ts';
import { readOutput, type SlurmCommands, slurmCommands } from '../slurm/follow/commands.ts';
import { HOOK_KINDS, HOOK_SETTINGS, type HookKind, renderHook } from '../slurm/hooks/scripts.ts';
import { hidesJobs, parseSlurmConfig, readUserId, type SlurmConfig } from '../slurm/records/slurm-conf.ts';
import { defineCommand } from './command.ts';
import { CONNECTION_SETTINGS, describePlace, locateService, type Place } from './connection.ts';

const TIMEOUT_MS = 30_000;
/** The user that deploy/hpc-observe.service runs the service as. */
const SERVICE_USER = 'hpc-observe';
const DEFAULT_FOLDER = '/etc/slurm/hpc-observe';
const HEAD_HOOKS: readonly HookKind[] = ['prolog_slurmctld', 'epilog_slurmctld'];
const NODE_HOOKS: readonly HookKind[] = ['prolog_slurmd', 'epilog_slurmd'];

export const SLURM_CHECK_SETTINGS = [
  ...CONNECTION_SETTINGS,
  'slurmBin',
  'spool',
] as const satisfies readonly SettingKey[];
type SlurmCheckConfig = Pick<Config, (typeof SLURM_CHECK_SETTINGS)[number]>;

export const slurmCheck = defineCommand({
  summary: 'Report what of Slurm is set up for hpc-observe, what is missing, and what to do',
  usage: ['slurm check [--server URL] [settings]', 'slurm check --node [settings]'],
  examples: [
    ['slurm check', 'Check the head node; exit code 1 if something is wrong'],
    ['slurm check --config /etc/hpc-observe.toml', 'The same with the configuration of the service'],
    ['slurm check --node', 'Check the hooks of a compute node, and what the agent needs of Slurm'],
  ],
  settings: SLURM_CHECK_SETTINGS,
  flags: {
    node: { help: 'Check a compute node instead of the head node' },
  },
  async run({ config, flags, env, print }) {
    const checkups = await checkSlurm(config, env, flags.has('node'));
    print(renderCheckups(checkups));
    // What is only missing is not a failure.
    return checkups.some(({ status }) => status === 'wrong') ? 1 : 0;
  },
});

/**
 * Checks what of Slurm is set up on a head node or a compute node. OperatorError if Slurm does not answer.
 */
export async function checkSlurm(
  config: SlurmCheckConfig,
  env: Surroundings['env'],
  isNode: boolean,
): Promise<Checkup[]> {
  const place = locateService(config);
  const commands = slurmCommands({ env, now: () => Date.now(), folder: config.slurmBin ?? undefined });
  const asked = await time(commands, 'scontrol', ['show', 'config']);
  if (asked.error !== undefined) {
    throw new OperatorError(`${asked.error} Nothing can be checked without Slurm’s configuration.`);
  }
  const slurmConfig = parseSlurmConfig(asked.text);
  return [
    ...(await checkHooks(slurmConfig, isNode, config.spool)),
    ...(isNode ? judgeAgentNeeds(slurmConfig) : await checkHead(slurmConfig, commands, place)),
  ];
}

async function checkHooks(config: SlurmConfig, isNode: boolean, defaultSpool: string): Promise<Checkup[]> {
  const checkups: Checkup[] = [];
  const spools = new Set<string>();
  const slurmUid = readUserId(config.get(isNode ? 'SlurmdUser' : 'SlurmUser')?.[0]);
  const folder = findOurFolder(config);
  for (const kind of isNode ? NODE_HOOKS : HEAD_HOOKS) {
    const scripts = pathsOf(config, kind).map((path) => readScript(path, slurmUid));
    const own = scripts.find(({ text }) => text !== undefined && judge.isOurScript(text));
    checkups.push(judge.judgeHook(kind, scripts, folder));
    checkups.push(await rehearseHook(kind, own?.text ?? renderHook(kind, defaultSpool)));
    const spool = own?.text === undefined ? undefined : judge.spoolOf(own.text);
    if (spool !== undefined) spools.add(spool);
  }
  for (const spool of spools) checkups.push(judge.judgeSpool(spool, readFolder(spool), slurmUid));
  return checkups;
}

async function checkHead(config: SlurmConfig, commands: SlurmCommands, place: Place): Promise<Checkup[]> {
  const plugins = config.get('PluginDir')?.[0]?.split(':');
  const hasPlugin = plugins?.some((folder) => existsSync(join(folder, 'jobcomp_elasticsearch.so')));
  const squeue = await time(commands, 'squeue', ['-h', '-o', '%i']);
  // A span in which nothing can have happened: only whether accounting answers is asked.
  const sacct = await time(commands, 'sacct', ['-X', '-n', '-S', 'now', '-o', 'JobID']);
  return [
    judge.judgeCompletions(config, { url: place.url, isHere: isHere(place) }, hasPlugin),
    judge.judgeAccounting(config),
    ...(await checkPrivacy(config, commands)),
    judge.judgeCommand('squeue', squeue.seconds, squeue.error, 'Jobs whose hooks failed are not found'),
    judge.judgeCommand(
      'sacct',
      sacct.seconds,
      sacct.error,
      'How a job ended stays unknown if its hooks failed',
    ),
    await checkServer(place),
  ];
}

/** Whether a service is on this machine, by the address or name that its URL has. */
function isHere({ url, unix }: Place): boolean {
  if (unix !== undefined) return true;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) =>
    all.map(({ address }) => address),
  );
  return (
    ['localhost', hostname(), hostname().split('.')[0], ...addresses].includes(host) || /^127\./.test(host)
  );
}

/**
 * The user of the service: the one who runs the check, or the one that the README names when that is root.
 */
async function checkPrivacy(config: SlurmConfig, commands: SlurmCommands): Promise<Checkup[]> {
  if (!hidesJobs(config)) return [];
  const user = process.getuid?.() === 0 ? SERVICE_USER : userInfo().username;
  const asked = await time(commands, 'sacctmgr', [
    '-nP',
    'show',
    'user',
    `name=${user}`,
    'format=AdminLevel',
  ]);
  return judge.judgePrivacy(config, user, asked.text.trim() || undefined);
}

async function checkServer(place: Place): Promise<Checkup> {
  // Imported here, so that the help of this command does not load the client and its schemas.
  const [{ Client }, { ClientError }] = await Promise.all([
    import('../client/client.ts'),
    import('../client/error.ts'),
  ]);
  const url = describePlace(place);
  try {
    const { isHealthy } = await new Client({ ...place, timeoutMs: TIMEOUT_MS, retries: 0 }).getHealth();
    if (isHealthy) return { status: 'ok', what: `The service answers at ${url}.` };
    return {
      status: 'wrong',
      what: `The service at ${url} cannot store data.`,
      advice: 'Its log says why (journalctl -u hpc-observe).',
    };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const advice = 'Start it (systemctl start hpc-observe), or give its URL with --server.';
    if (error.code === 'no_answer') return { status: 'wrong', what: `No service answers at ${url}.`, advice };
    return { status: 'wrong', what: `${url} does not answer as hpc-observe: ${error.message}`, advice };
  }
}

/** What a program prints, and how long it took; the error as a sentence. */
async function time(commands: SlurmCommands, program: string, args: readonly string[]) {
  const startedMs = performance.now();
  let text = '';
  let error: string | undefined;
  try {
    text = await readOutput(commands, program, args, TIMEOUT_MS);
  } catch (caught) {
    if (!(caught instanceof OperatorError)) throw caught;
    error = caught.message;
  }
  return { text, error, seconds: (performance.now() - startedMs) / 1000 };
}

/** The scripts that are set for a hook; a setting may be a pattern, such as `prolog.d/*`. */
function pathsOf(config: SlurmConfig, kind: HookKind): string[] {
  const values = (config.get(HOOK_SETTINGS[kind].setting) ?? []).flatMap((value) => value.split(','));
  return values.flatMap((value) =>
    /[*?[]/.test(value) ? [...new Bun.Glob(value).scanSync({ cwd: '/', absolute: true })].sort() : [value],
  );
}

/** Where our scripts are, or ought to be: beside the first hook that is ours, or is called as ours are. */
function findOurFolder(config: SlurmConfig): string {
  const isOurs = (kind: HookKind, path: string) =>
    basename(path) === HOOK_SETTINGS[kind].file || judge.isOurScript(readScript(path, undefined).text ?? '');
  const own = HOOK_KINDS.flatMap((kind) => pathsOf(config, kind).filter((path) => isOurs(kind, path)));
  return own[0] === undefined ? DEFAULT_FOLDER : dirname(own[0]);
}

function readScript(path: string, uid: number | undefined): judge.ScriptFile {
  const closedFolder = findClosedFolder(dirname(path), uid);
  try {
    return { path, text: readFileSync(path, 'utf8'), isExecutable: isExecutable(path), closedFolder };
  } catch {
    return { path, text: undefined, isExecutable: false, closedFolder };
  }
}

/**
 * The first folder from `/` on that a user may not enter; whether he is of its group is not known, and so
 * taken as given.
 */
function findClosedFolder(folder: string, uid: number | undefined): string | undefined {
  if (uid === undefined || uid === 0) return undefined;
  const parent = dirname(folder);
  const closed = parent === folder ? undefined : findClosedFolder(parent, uid);
  if (closed !== undefined) return closed;
  const state = readFolder(folder);
  if (!state) return undefined;
  return state.mode & (state.uid === uid ? 0o100 : 0o011) ? undefined : folder;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function readFolder(path: string): judge.FolderState | undefined {
  try {
    const stat = statSync(path);
    return { uid: stat.uid, mode: stat.mode & 0o7777, isFolder: stat.isDirectory() };
  } catch {
    return undefined;
  }
}
