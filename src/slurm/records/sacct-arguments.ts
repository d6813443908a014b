import { formatTime } from '../../domain/time.ts';

/** Columns that every sacct since 21.08 has. */
const COLUMNS = [
  'JobIDRaw',
  'JobID',
  'Cluster',
  'User',
  'Account',
  'Partition',
  'QOS',
  'State',
  'ExitCode',
  'Submit',
  'Start',
  'End',
  'TimelimitRaw',
  'NodeList',
  'AllocTRES',
  'ReqTRES',
  'Reason',
  'JobName',
  'WorkDir',
  'Suspended',
  'Eligible',
  'ConsumedEnergyRaw',
];
/** Columns since 21.08, 24.11 and 26.05; sacct refuses a call that names a column it does not have. */
const NEWER_COLUMNS = ['Restarts', 'SLUID', 'OriginalSLUID', 'SubmitLine'];

/** Returns the columns to request from the sacct whose `sacct --helpformat` printed `help`. */
export function sacctColumns(help: string): string[] {
  const known = new Set(help.split(/\s+/));
  return [...COLUMNS, ...NEWER_COLUMNS.filter((column) => known.has(column))];
}

/** The jobs to list: by id, or those of a span of time. */
export type SacctChoice =
  | { readonly ids: readonly string[] }
  | { readonly fromMs: number; readonly toMs: number; readonly states?: string };

/** The states in which a job can end without ever having been eligible to run. */
export const ENDS_OF_WAITS = 'CANCELLED,DEADLINE';

/**
 * Returns the arguments of sacct that print a header and one record for each run, requeued ones too (`-D`),
 * without steps (`-X`), every column ended by `separator`. Run it with `SLURM_TIME_FORMAT=%s`, `TZ=UTC`,
 * `LC_ALL=C` and nothing else of the environment.
 *
 * For a span of time sacct lists the jobs that were eligible to run in it, which leaves out jobs that were
 * cancelled while held or waiting for another job. It lists those by id, or by `states`: the jobs that ended
 * so in the span, at the price of a scan of its whole table.
 */
export function sacctArguments(columns: readonly string[], separator: string, choice: SacctChoice): string[] {
  const chosen = 'ids' in choice ? ['-j', choice.ids.join(',')] : spanArguments(choice);
  return ['-a', '-X', '-D', '-p', `--delimiter=${separator}`, ...chosen, '-o', columns.join(',')];
}

function spanArguments({ fromMs, toMs, states }: Exclude<SacctChoice, { ids: unknown }>): string[] {
  const seconds = (timeMs: number) => formatTime(timeMs).slice(0, 19);
  return ['-S', seconds(fromMs), '-E', seconds(toMs), ...(states === undefined ? [] : ['-s', states])];
}
