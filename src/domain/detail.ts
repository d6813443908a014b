/** What a job was given of one node. */
export interface Allocation {
  readonly node: string;
  /** CPUs as Slurm counts them (hardware threads, unless the site declares whole cores as CPUs). */
  readonly cpus?: number;
  /** MB of 2^20 bytes. */
  readonly memoryMb?: number;
  /** As the scheduler names them: indexes or UUIDs. */
  readonly gpuIds?: readonly string[];
}

/** The values of each kind of detail in `JobDetails`. */
interface KindValues {
  /** Free text. */
  readonly text: string;
  /** A name or an id (domain `isIdentity`). */
  readonly identity: string;
  /** An identity that many jobs share: an engine may store it once. */
  readonly label: string;
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly identities: readonly string[];
  readonly times: readonly number[];
  readonly allocations: readonly Allocation[];
}

export interface DetailSpec {
  /** Its name in `JobDetails`. Past runs and events are stored under it: renaming one needs a migration. */
  readonly key: string;
  /** Its name in the API; absent where the API does not show it. */
  readonly field?: string;
  /** Its column in SQL engines. */
  readonly column: string;
  readonly kind: keyof KindValues;
  /**
   * The letter under which engines store its source (`Provenance`); never used again for another. Details
   * with a letter are merged one by one, each from its most trusted source.
   */
  readonly letter?: string;
  /** Lists can be filtered by it. */
  readonly isFilter?: true;
  /** In the filter `*` stands for any text, also for none. */
  readonly hasWildcards?: true;
  /** The filter takes upper and lower case of ASCII letters as the same. */
  readonly isCaseless?: true;
}

/**
 * Every detail of a job, in the order of the API's answers. Its schema, column and filter derive from its
 * row. A new detail is one row here, its description in `api/detail.ts` (the compiler demands it), a
 * migration that adds the column, and the lines of `slurm` that read it. The comments name its source in
 * squeue, sacct, jobcomp/elasticsearch and the hooks, in this order; `-` is none.
 */
export const DETAILS = [
  // Name, JobName, job_name, SLURM_JOB_NAME.
  {
    key: 'name',
    field: 'name',
    column: 'name',
    kind: 'text',
    letter: 'j',
    isFilter: true,
    hasWildcards: true,
  },
  // Account, Account, account, SLURM_JOB_ACCOUNT.
  { key: 'account', field: 'account', column: 'account', kind: 'label', letter: 'a', isFilter: true },
  // Partition, Partition, partition, SLURM_JOB_PARTITION. A
  // waiting job may name several, with commas between them.
  { key: 'partition', field: 'partition', column: 'partition', kind: 'label', letter: 'p', isFilter: true },
  // QOS, QOS, qos, SLURM_JOB_QOS.
  { key: 'qos', field: 'qos', column: 'qos', kind: 'label', letter: 'q', isFilter: true },
  // Cluster, Cluster, cluster, SLURM_CLUSTER_NAME.
  { key: 'cluster', field: 'cluster', column: 'cluster', kind: 'label', letter: 'c', isFilter: true },
  // SubmitTime, Submit, @submit, -.
  { key: 'submitTimeMs', field: 'submit_time', column: 'submit_time', kind: 'time', letter: 's' },
  // TimeLimit, TimelimitRaw or Timelimit, time_limit, -. The last two count minutes.
  { key: 'timeLimitSeconds', field: 'time_limit_seconds', column: 'time_limit', kind: 'count', letter: 't' },
  // cpu= of tres-alloc, AllocTRES, tres_alloc; SLURM_JOB_CPUS_PER_NODE. All nodes together, in Slurm's CPUs:
  // hardware threads, or cores where a site declares those.
  { key: 'cpus', field: 'cpus', column: 'cpus', kind: 'count', letter: 'x' },
  // mem= of tres-alloc, AllocTRES, tres_alloc; else ReqMem; -. All nodes together, in MB of 2^20 bytes.
  { key: 'memoryLimitMb', field: 'memory_limit_mb', column: 'memory_limit', kind: 'count', letter: 'm' },
  // gres/gpu= of tres-alloc, AllocTRES, tres_alloc; -. All nodes together.
  { key: 'gpus', field: 'gpus', column: 'gpus', kind: 'count', letter: 'g' },
  // node= of tres-alloc, AllocTRES or NNodes, tres_alloc; -. Slurm gives those asked for while a job waits.
  { key: 'nodeCount', field: 'node_count', column: 'node_count', kind: 'count', letter: 'o' },
  // WorkDir, WorkDir, work_dir, SLURM_JOB_WORK_DIR.
  { key: 'workDir', field: 'work_dir', column: 'work_dir', kind: 'text', letter: 'w' },
  // JobArrayID, JobID, array_job_id, SLURM_ARRAY_JOB_ID. The id of the array that the job is a task of.
  {
    key: 'arrayJobId',
    field: 'array_job_id',
    column: 'array_job',
    kind: 'identity',
    letter: 'i',
    isFilter: true,
  },
  // JobArrayID, JobID, array_task_id, SLURM_ARRAY_TASK_ID.
  { key: 'arrayTaskId', field: 'array_task_id', column: 'array_task', kind: 'count', letter: 'k' },
  // JobArrayID of tasks that wait together (`8_[0-4%2]`), -, -, -.
  {
    key: 'arrayTaskLimit',
    field: 'array_task_limit',
    column: 'array_limit',
    kind: 'count',
    letter: 'l',
  },
  // exit_code, ExitCode, exit_code, SLURM_JOB_EXIT_CODE2.
  { key: 'exitCode', field: 'exit_code', column: 'exit_code', kind: 'count' },
  // The same fields: the signal that ended the job.
  { key: 'signal', field: 'signal', column: 'signal', kind: 'count' },
  // State, State, state, -. In the scheduler's own word.
  {
    key: 'rawState',
    field: 'raw_state',
    column: 'raw_state',
    kind: 'identity',
    isFilter: true,
    isCaseless: true,
  },
  // Reason, Reason (of waiting jobs), -, -. Why the job waits, or why it ended so.
  {
    key: 'reason',
    field: 'reason',
    column: 'reason',
    kind: 'text',
    isFilter: true,
    hasWildcards: true,
    isCaseless: true,
  },
  // RestartCnt, Restarts, -, SLURM_JOB_RESTART_COUNT. Requeues before this run.
  { key: 'restarts', field: 'restarts', column: 'restarts', kind: 'count', letter: 'r' },
  // SLUID (26.05), OriginalSLUID or SLUID (24.11), original_sluid or sluid, SLURM_JOB_SLUID. The first one of
  // a resized run.
  { key: 'sluid', field: 'sluid', column: 'sluid', kind: 'identity' },
  // What TimeUsed lacks, Suspended (of ended runs), -, -. Of a running job: up to the last poll.
  { key: 'suspendedSeconds', field: 'suspended_seconds', column: 'suspended', kind: 'count', letter: 'z' },
  // -, ConsumedEnergyRaw or energy= of AllocTRES (of ended runs that had whole nodes), -, -.
  { key: 'energyJoules', field: 'energy_joules', column: 'energy', kind: 'count', letter: 'e' },
  // -, `slurm` with the former, -, -. Who measured it.
  { key: 'energyMethod', field: 'energy_method', column: 'energy_method', kind: 'identity', letter: 'y' },
  // -, -, -, one node each: SLURMD_NODENAME, SLURM_JOB_CPUS_PER_NODE, SLURM_JOB_GPUS and its like.
  { key: 'allocations', field: 'allocations', column: 'allocations', kind: 'allocations' },
  // -, SLUID, sluid, -. The later SLUIDs of a resized run, in the order of time.
  { key: 'otherSluids', column: 'other_sluids', kind: 'identities' },
  // ResizeTime (whether, not when), Start of a later part,
  // @start, -. In order; absent where the size never changed.
  { key: 'resizedMs', column: 'resized', kind: 'times' },
] as const satisfies readonly DetailSpec[];

export type DetailRow = (typeof DETAILS)[number];

/**
 * What a scheduler knows of a run besides its user, nodes
 * and life. A detail that no source reported is absent.
 */
export type JobDetails = { readonly [Row in DetailRow as Row['key']]?: KindValues[Row['kind']] };

type RowWith<Part> = Extract<DetailRow, Part>;
const rowsWith = <Key extends keyof DetailSpec>(key: Key) =>
  DETAILS.filter((row): row is RowWith<Record<Key, unknown>> => key in row);

/** The details that the API shows. */
export const SHOWN_DETAILS = rowsWith('field');
/** The details that a list can be filtered by. */
export const FILTER_DETAILS = rowsWith('isFilter');
export type FilterDetail = (typeof FILTER_DETAILS)[number]['key'];
/** The details that are merged one by one. */
export const MERGED_DETAILS = rowsWith('letter');
