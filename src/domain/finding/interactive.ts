import type { Job } from '../job.ts';

/** Names that salloc, srun --pty and Open OnDemand give to jobs in which somebody sits. */
const NAMES =
  /^(interactive|bash|sh|zsh|tcsh|csh|fish|salloc|jupyter|notebook|rstudio|vscode|code-server|sys\/dashboard\/|ondemand\/)/i;

/** Whether somebody works in a job by hand, by its name. */
export const isInteractive = ({ details }: Job): boolean => NAMES.test(details?.name ?? '');
