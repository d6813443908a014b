import { version } from '../package.json';
import { StartError, UsageError } from './domain/errors.ts';
import { findLikely } from './settings/suggest.ts';
import { describeSettings, keyOf } from './settings/table.ts';

const USAGE = `hpc-observe ${version}: every job of the cluster, seen live, afterwards and in Prometheus

  hpc-observe serve [settings]    run the HTTP API and /metrics
  hpc-observe config [settings]   print the settings in force and where each came from
  hpc-observe slurm hooks FOLDER [--spool FOLDER]
                                  write the scripts that tell of jobs as Slurm starts and ends them
  hpc-observe slurm check [--node] [--server URL] [settings]
                                  say what of Slurm is set up, what is missing, and what to do
  hpc-observe slurm import --since DATE [--until DATE] | --file FILE [--database FILE] [--config FILE] [--slurm-bin FOLDER]
                                  take past jobs from sacct, or from its saved output, into the database
  hpc-observe version             print the version
  hpc-observe help                print this

Settings, each also as a variable HPC_OBSERVE_<NAME>; flags come first, then variables, then the file:
${describeSettings()}`;

type Command = (args: readonly string[]) => Promise<number>;

const print = (text: string) => process.stdout.write(text);

// Imported when asked for: a command that needs no server does not pay for one.
const COMMANDS: Record<string, Command> = {
  serve: async (args) => (await import('./cli/serve.ts')).serve(args),
  config: async (args) => {
    (await import('./cli/config.ts')).showConfig(args, print);
    return 0;
  },
  slurm: async (args) => (await import('./cli/slurm.ts')).runSlurm(args, print),
  version: async () => {
    print(`${version}\n`);
    return 0;
  },
  help: async () => {
    print(USAGE);
    return 0;
  },
};

/** Runs one command line and returns its exit code: 0 done, 1 refused by the surroundings, 2 not understood. */
async function run(args: readonly string[]): Promise<number> {
  const [first = 'help', ...rest] = args;
  if (rest.includes('--help') || rest.includes('-h')) return COMMANDS.help!(rest);
  const name = first.replace(/^-h$/, 'help').replace(/^--(?=(help|version)$)/, '');
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    process.stderr.write(`hpc-observe: ${describeUnknown(first, rest)}\n`);
    return 2;
  }
  try {
    return await command(rest);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    for (const line of error.message.split('\n')) process.stderr.write(`hpc-observe: ${line}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** One line about a command that does not exist, with what was most likely meant. */
function describeUnknown(first: string, rest: readonly string[]): string {
  const isSetting = first.startsWith('--') && keyOf(first.slice(2).split('=')[0]!) !== undefined;
  const likely = /^-v$/i.test(first) ? 'version' : findLikely(first, Object.keys(COMMANDS));
  const meant = isSetting ? ['serve', first, ...rest].join(' ') : likely;
  return `${JSON.stringify(first)} is not a command${meant ? `. Did you mean hpc-observe ${meant}?` : '; see hpc-observe help.'}`;
}

// Elysia reads this when it is imported; a build fixes process.env.NODE_ENV, but not Bun.env.
Bun.env.NODE_ENV ??= 'production';
process.exit(await run(process.argv.slice(2)));
