import body from './hook.sh' with { type: 'text' };

/** The hooks that note events, by Slurm's own name for the place (SLURM_SCRIPT_CONTEXT). */
export const HOOK_KINDS = ['prolog_slurmctld', 'epilog_slurmctld', 'prolog_slurmd', 'epilog_slurmd'] as const;
export type HookKind = (typeof HOOK_KINDS)[number];

export const DEFAULT_SPOOL = '/var/spool/hpc-observe';

/** How a hook is set in slurm.conf, and how its script is called. */
export const HOOK_SETTINGS: Record<HookKind, { readonly setting: string; readonly file: string }> = {
  prolog_slurmctld: { setting: 'PrologSlurmctld', file: 'prolog-slurmctld' },
  epilog_slurmctld: { setting: 'EpilogSlurmctld', file: 'epilog-slurmctld' },
  prolog_slurmd: { setting: 'Prolog', file: 'prolog' },
  epilog_slurmd: { setting: 'Epilog', file: 'epilog' },
};

/** The script of one hook, which notes its events in the folder `spool`. `hook.sh` is the text of all of them. */
export function renderHook(kind: HookKind, spool: string): string {
  return body
    .replace(/^kind=.*$/m, () => `kind=${kind}`)
    .replace(/^spool=.*$/m, () => `spool=${quoteForShell(spool)}`);
}

const quoteForShell = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
