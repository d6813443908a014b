import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StartError, UsageError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';
import { describeUnknownFlag, takeFlags } from '../settings/arguments.ts';
import { findLikely } from '../settings/suggest.ts';
import { DEFAULT_SPOOL, HOOK_KINDS, HOOK_SETTINGS, renderHook } from '../slurm/hooks/scripts.ts';

type Print = (text: string) => void;
type Subcommand = (args: readonly string[], print: Print) => Promise<number>;

const SUBCOMMANDS: Record<string, Subcommand> = {
  hooks: async (args, print) => writeHooks(args, print),
  check: async (args, print) => (await import('./slurm-check.ts')).checkSlurm(args, print),
  import: async (args, print) => (await import('./slurm-import.ts')).importJobs(args, print),
};

/** `hpc-observe slurm SUBCOMMAND`; the exit code. StartError for a command line or a folder that will not do. */
export async function runSlurm(args: readonly string[], print: Print): Promise<number> {
  const [name, ...rest] = args;
  const subcommand = name !== undefined && Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
  if (!subcommand) {
    const likely = findLikely(name ?? '', Object.keys(SUBCOMMANDS));
    if (likely)
      throw new UsageError(`slurm ${name} is not a command. Did you mean hpc-observe slurm ${likely}?`);
    throw new UsageError(
      `${name === undefined ? 'slurm needs a subcommand' : `slurm ${name} is not a command`}: ` +
        `slurm ${Object.keys(SUBCOMMANDS).join(', slurm ')}.`,
    );
  }
  return subcommand(rest, print);
}

/** `slurm hooks FOLDER [--spool FOLDER]`: writes the four scripts and says how to set them up. */
function writeHooks(args: readonly string[], print: Print): number {
  const { folder, spool } = readHookArguments(args);
  try {
    mkdirSync(folder, { recursive: true });
    for (const kind of HOOK_KINDS)
      replaceScript(join(folder, HOOK_SETTINGS[kind].file), renderHook(kind, spool));
  } catch (error) {
    throw new StartError(`The hooks cannot be written to ${folder}: ${explainSystemError(error)}.`, {
      cause: error,
    });
  }
  print(describeSetup(folder, spool));
  return 0;
}

/** By a rename, for Slurm may be running the one that is there. */
function replaceScript(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o755 });
  renameSync(`${path}.new`, path);
}

function readHookArguments(args: readonly string[]): { folder: string; spool: string } {
  const { flags, rest } = takeFlags(args, { spool: 'text' });
  const unknown = rest.find((word) => word.startsWith('-'));
  if (unknown !== undefined) throw new UsageError(describeUnknownFlag(unknown, ['spool']));
  const [folder] = rest;
  if (!folder || rest.length > 1)
    throw new UsageError('slurm hooks takes one folder, the one that the scripts go to.');
  const spool = flags.get('spool') ?? DEFAULT_SPOOL;
  // Slurm starts a hook in a folder of its own choice.
  if (!spool.startsWith('/') || /[\u0000-\u001f\u007f]/.test(spool))
    throw new UsageError(
      `--spool must be the whole path of a folder, from / on, not ${JSON.stringify(spool)}.`,
    );
  return { folder: resolve(folder), spool };
}

function describeSetup(folder: string, spool: string): string {
  const lines = HOOK_KINDS.map((kind) => {
    const { setting, file } = HOOK_SETTINGS[kind];
    return `  ${setting}=${join(folder, file)}\n`;
  });
  return `Written to ${folder}. In slurm.conf, the first two for the head node, the others for the compute nodes:

${lines.join('')}
The scripts do not make the folder they write to; it has to be on a local disk. On the head node, for a service that
runs as the user and group hpc-observe:

  install -d -o slurm -g hpc-observe -m 2770 ${spool}

On the compute nodes, where the agent runs as root:

  install -d -o root -g root -m 700 ${spool}

Then restart slurmctld; hpc-observe slurm check says what is still missing.
`;
}
