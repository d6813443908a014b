import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OperatorError, UsageError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';
import { adviseSpool, HOOK_KINDS, HOOK_SETTINGS, renderHook } from '../slurm/hooks/scripts.ts';
import { defineCommand } from './command.ts';

export const slurmHooks = defineCommand({
  summary: 'Write the scripts that report jobs when Slurm starts and ends them',
  usage: ['slurm hooks FOLDER [--spool FOLDER]'],
  examples: [
    ['slurm hooks /etc/slurm/hpc-observe', 'Write the four scripts and print the lines for slurm.conf'],
  ],
  settings: ['spool'],
  operands: ['FOLDER'],
  async run({ config: { spool }, operands, print }) {
    // Slurm starts a hook in a folder of its own choice, and the path stands in a line of the script.
    if (!spool.startsWith('/') || /[\u0000-\u001f\u007f]/.test(spool))
      throw new UsageError(`--spool must be an absolute path, not ${JSON.stringify(spool)}.`);
    const folder = resolve(operands[0]!);
    writeScripts(folder, spool);
    print(describeSetup(folder, spool));
    return 0;
  },
});

function writeScripts(folder: string, spool: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const kind of HOOK_KINDS)
      replaceScript(join(folder, HOOK_SETTINGS[kind].file), renderHook(kind, spool));
  } catch (error) {
    throw new OperatorError(`The hooks cannot be written to ${folder}: ${explainSystemError(error)}.`, {
      cause: error,
    });
  }
}

/** Replaces a script by renaming, because Slurm may be running the old one. */
function replaceScript(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o755 });
  renameSync(`${path}.new`, path);
}

function describeSetup(folder: string, spool: string): string {
  const lines = HOOK_KINDS.map((kind) => {
    const { setting, file } = HOOK_SETTINGS[kind];
    return `  ${setting}=${join(folder, file)}\n`;
  });
  return `The scripts are in ${folder}. Add these lines to slurm.conf: the first two for the head node, the others only
if the service runs on the compute node itself, as on a cluster of one machine:

${lines.join('')}
The scripts do not create the folder that they write to. Create it on a local disk, for slurmctld (slurm), slurmd (root)
and the service (hpc-observe):

  ${adviseSpool(spool)}

Then restart slurmctld. hpc-observe slurm check reports what is still missing.
`;
}
