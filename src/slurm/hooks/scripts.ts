import body from './hook.sh' with { type: 'text' };

/** The hooks that write events, by Slurm's name for each (SLURM_SCRIPT_CONTEXT). */
export const HOOK_KINDS = ['prolog_slurmctld', 'epilog_slurmctld', 'prolog_slurmd', 'epilog_slurmd'] as const;
export type HookKind = (typeof HOOK_KINDS)[number];

/** The setting of each hook in slurm.conf, and the file name of its script. */
export const HOOK_SETTINGS: Record<HookKind, { readonly setting: string; readonly file: string }> = {
  prolog_slurmctld: { setting: 'PrologSlurmctld', file: 'prolog-slurmctld' },
  epilog_slurmctld: { setting: 'EpilogSlurmctld', file: 'epilog-slurmctld' },
  prolog_slurmd: { setting: 'Prolog', file: 'prolog' },
  epilog_slurmd: { setting: 'Epilog', file: 'epilog' },
};

/**
 * Returns the command that creates the spool folder. slurmctld writes to it as slurm, slurmd as root; setgid
 * gives their files the group of the service, which removes them.
 */
export const adviseSpool = (folder: string): string => `install -d -o slurm -g hpc-observe -m 2770 ${folder}`;

/**
 * Returns the script of one hook, which writes its events
 * to the folder `spool`. `hook.sh` is the template of all.
 */
export function renderHook(kind: HookKind, spool: string): string {
  return body
    .replace(/^kind=.*$/m, () => `kind=${kind}`)
    .replace(/^spool=.*$/m, () => `spool=${quoteForShell(spool)}`);
}

const quoteForShell = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
