import { version as number } from '../../package.json';
import { UsageError } from '../domain/errors.ts';
import { findLikely } from '../domain/suggest.ts';
import { loadConfig, type Surroundings } from '../settings/load.ts';
import { flagOf, inputOf } from '../settings/setting.ts';
import { SERVICE_KEYS, SETTINGS } from '../settings/table.ts';
import { type Command, defineCommand } from './command.ts';

const version = defineCommand({
  summary: 'Print the version',
  usage: ['version'],
  examples: [],
  settings: [],
  async run({ print }) {
    print(`${number}\n`);
    return 0;
  },
});

const help = defineCommand({
  summary: 'Print this list of commands',
  usage: ['help', 'help COMMAND'],
  examples: [],
  settings: [],
  async run({ print }) {
    const { describeCommands } = await import('./help.ts');
    print(describeCommands(await loadCommands()));
    return 0;
  },
});

/** All commands by name, in the order of the help. Each is imported when it is needed. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serve,
  agent: async () => (await import('./agent.ts')).agent,
  config: async () => (await import('./config.ts')).config,
  deploy: async () => (await import('./deploy.ts')).deploy,
  grafana: async () => (await import('./grafana.ts')).grafana,
  'prometheus rules': async () => (await import('./prometheus-rules.ts')).prometheusRules,
  jobs: async () => (await import('./jobs.ts')).jobs,
  job: async () => (await import('./job.ts')).job,
  top: async () => (await import('./top.ts')).top,
  queue: async () => (await import('./queue.ts')).queue,
  waste: async () => (await import('./waste.ts')).waste,
  seff: async () => (await import('./seff.ts')).seff,
  mail: async () => (await import('./mail.ts')).mail,
  'policy check': async () => (await import('./policy-check.ts')).policyCheck,
  'policy try': async () => (await import('./policy-try.ts')).policyTry,
  'policy log': async () => (await import('./policy-log.ts')).policyLog,
  'digest on': async () => (await import('./digest.ts')).digestOn,
  'digest off': async () => (await import('./digest.ts')).digestOff,
  login: async () => (await import('./login.ts')).login,
  whoami: async () => (await import('./whoami.ts')).whoami,
  'token create': async () => (await import('./token-create.ts')).tokenCreate,
  'token list': async () => (await import('./token-list.ts')).tokenList,
  'token revoke': async () => (await import('./token-revoke.ts')).tokenRevoke,
  'session revoke': async () => (await import('./session-revoke.ts')).sessionRevoke,
  'findings anew': async () => (await import('./findings-anew.ts')).findingsAnew,
  'slurm hooks': async () => (await import('./slurm-hooks.ts')).slurmHooks,
  'slurm check': async () => (await import('./slurm-check.ts')).slurmCheck,
  'slurm import': async () => (await import('./slurm-import.ts')).slurmImport,
  export: async () => (await import('./export.ts')).exportDays,
  backup: async () => (await import('./backup.ts')).backup,
  copy: async () => (await import('./copy.ts')).copy,
  restore: async () => (await import('./restore.ts')).restore,
  doctor: async () => (await import('./doctor.ts')).doctor,
  check: async () => (await import('./check.ts')).check,
  upgrade: async () => (await import('./upgrade.ts')).upgrade,
  completion: async () => (await import('./completion.ts')).completion,
  version: async () => version,
  help: async () => help,
};

export async function loadCommands(): Promise<ReadonlyMap<string, Command>> {
  const all = Object.entries(COMMANDS).map(async ([name, load]) => [name, await load()] as const);
  return new Map(await Promise.all(all));
}

const ALIASES: Readonly<Record<string, string>> = { '-h': 'help', '--help': 'help', '--version': 'version' };

interface Found {
  readonly name: string;
  readonly args: readonly string[];
}

/**
 * Finds the command that a command line names, in its first
 * word or its first two. UsageError if there is none.
 */
export function findCommand(line: readonly string[]): Found {
  const [given = 'help', second = '', ...rest] = line;
  const first = Object.hasOwn(ALIASES, given) ? ALIASES[given]! : given;
  if (first === 'help' && /^\w/.test(second)) return findCommand([second, ...rest, '--help']);
  if (Object.hasOwn(COMMANDS, first)) return { name: first, args: line.slice(1) };
  const pair = `${first} ${second}`;
  if (Object.hasOwn(COMMANDS, pair)) return { name: pair, args: rest };
  const subcommands = subcommandsOf(first);
  if (subcommands.length === 0) throw new UsageError(describeUnknown(line));
  if (second === '--help' || second === '-h') return { name: 'help', args: [] };
  throw new UsageError(describeUnknownSubcommand(first, second, subcommands));
}

/** Loads what a command declares and runs it; returns the exit code. */
export async function runCommand(
  { name, args }: Found,
  { env, readFile, print }: Omit<Surroundings, 'args'> & { print: (text: string) => void },
): Promise<number> {
  const command = await COMMANDS[name]!();
  if (args.includes('--help') || args.includes('-h')) {
    const { describeCommand } = await import('./help.ts');
    print(describeCommand(name, command));
    return 0;
  }
  const loaded = loadConfig(command.settings, command, { args, env, readFile });
  return command.run({ ...loaded, env, print, loadCommands });
}

function subcommandsOf(group: string): string[] {
  const names = Object.keys(COMMANDS).filter((name) => name.startsWith(`${group} `));
  return names.map((name) => name.slice(group.length + 1));
}

// Words are repeated only if they are likely a slip: any other may be a secret, and stderr is often a log.

function describeUnknownSubcommand(group: string, given: string, subcommands: readonly string[]): string {
  const likely = findLikely(given, subcommands);
  const choices = `${subcommands.slice(0, -1).join(', ')} or ${subcommands.at(-1)}`;
  if (given === '') return `${group} needs a subcommand: ${choices}.`;
  if (!likely) return `The second word is not a subcommand of ${group}. There is ${choices}.`;
  return `"${given}" is not a subcommand of ${group}. Did you mean hpc-observe ${group} ${likely}?`;
}

/** One sentence about a command that does not exist, with the one that was most likely meant. */
function describeUnknown([first = '']: readonly string[]): string {
  const [flag] = /^--[a-z]+(-[a-z]+)*(?==|$)/.exec(first) ?? [];
  const isSetting = SERVICE_KEYS.some((key) => flag === flagOf(inputOf(SETTINGS[key])));
  if (isSetting) return `${flag} is not a command. Did you mean hpc-observe serve ${flag} …?`;
  const likely = /^-v$/i.test(first) ? 'version' : findLikely(first, Object.keys(COMMANDS));
  if (likely) return `"${first}" is not a command. Did you mean hpc-observe ${likely}?`;
  return `${flag ?? 'The first word'} is not a command; see hpc-observe help.`;
}
