/** Names of `squeue --Format` that every version from 21.08 to 26.05 has (src/squeue/opts.c). */
const COLUMNS = [
  'JobID',
  'JobArrayID',
  'UserName',
  'Account',
  'Partition',
  'QOS',
  'State',
  'SubmitTime',
  'StartTime',
  'EndTime',
  'TimeLimit',
  'NodeList',
  'tres-alloc',
  'RestartCnt',
  'Cluster',
  'exit_code',
  'Reason',
  'Name',
  'WorkDir',
  'TimeUsed',
  'ResizeTime',
] as const;
/** Columns since 26.05; squeue refuses a call that names a column it does not have. */
const NEWER_COLUMNS = ['SLUID'] as const;

export type SqueueColumn = (typeof COLUMNS)[number] | (typeof NEWER_COLUMNS)[number];

/**
 * Returns the columns to request; `help` is the output of
 * `squeue --helpFormat`, empty for versions without that.
 */
export function squeueColumns(help: string): SqueueColumn[] {
  const known = new Set(help.split(/\s+/));
  return [...COLUMNS, ...NEWER_COLUMNS.filter((column) => known.has(column))];
}

/** Returns whether the squeue that prints this `--version` has `--helpFormat`, which came with 24.11. */
export function hasHelpFormat(version: string): boolean {
  const [, major, minor] = /(\d+)\.(\d+)\./.exec(version) ?? [];
  return Number(major) * 100 + Number(minor) >= 2411;
}

/**
 * Returns the arguments of squeue that print one record for each job that slurmctld still has, ended jobs of
 * the last MinJobAge (300 s by default) included, every column ended by `separator`. Run it with
 * `SLURM_TIME_FORMAT=%s`, `TZ=UTC`, `LC_ALL=C` and nothing else of the environment.
 *
 * The colon before the separator prevents squeue from cutting columns at 20 characters. Without `-r`, because
 * the pending tasks of an array share one job id until they start and are one job until then. `--local`
 * leaves out jobs of other clusters of a federation, which have job ids of their own.
 */
export function squeueArguments(columns: readonly string[], separator: string): string[] {
  return [
    '-a',
    '-h',
    '--local',
    '-t',
    'all',
    '-O',
    columns.map((column) => `${column}:${separator}`).join(','),
  ];
}
