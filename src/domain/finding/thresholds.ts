/** A number by which rules judge. */
export interface Threshold {
  readonly unit:
    | 'percent'
    | 'seconds'
    | 'MB'
    | 'GB'
    | 'CPUs'
    | 'GPUs'
    | 'jobs'
    | 'runs'
    | 'samples'
    | 'MB an hour';
  readonly otherwise: number;
  /** What it decides, and where the default is from. Completes "Decides". */
  readonly help: string;
}

const row = (unit: Threshold['unit'], otherwise: number, help: string): Threshold => ({
  unit,
  otherwise,
  help,
});

/**
 * Every threshold of the rules; sites may set each. Sources: jobstats and job_defense_shield
 * (https://github.com/PrincetonUniversity), ClusterCockpit, Jobanalyzer, Coroot.
 */
export const THRESHOLDS = {
  leastSeconds: row('seconds', 300, 'for how long a run is measured before it is judged (jobstats)'),
  leastSamples: row('samples', 10, 'how many samples a run has before it is judged (jobstats)'),

  gpuIdlePercent: row(
    'percent',
    1,
    'below which use a GPU is idle: a process that only holds one shows up to this',
  ),
  gpuPausedSeconds: row(
    'seconds',
    900,
    'for how long GPUs of a running job are idle before that is said (IdleBot)',
  ),
  gpuLowPercent: row('percent', 15, 'below which mean use a GPU is wasted (jobstats, red)'),
  gpuModestPercent: row('percent', 25, 'below which mean use a GPU is worth a remark (jobstats, plain)'),
  gpuInteractiveSeconds: row(
    'seconds',
    28_800,
    'how long an interactive session may hold a little used GPU (jobstats)',
  ),
  gpuSmallMemoryGb: row('GB', 10, 'below which memory of a GPU a smaller one would do (jobstats, MIG)'),
  gpuSmallHostMemoryGb: row('GB', 32, 'below which memory of the job a smaller GPU would do (jobstats, MIG)'),
  gpuUnevenPercent: row('percent', 50, 'how far below the busiest GPU another one may be'),
  gpuCpus: row('CPUs', 12, 'how many CPUs a GPU needs at most, if they are little used (jobstats)'),
  gpuMemoryGb: row(
    'GB',
    240,
    'how much memory of the node a GPU needs at most, if it is little used (jobstats)',
  ),

  cpuIdlePercent: row('percent', 10, 'below which mean use CPUs are idle (Jobanalyzer)'),
  cpuLowPercent: row('percent', 65, 'below which mean use CPUs are wasted (jobstats, red)'),
  cpuModestPercent: row('percent', 80, 'below which mean use CPUs are worth a remark (jobstats, plain)'),
  cpuLeast: row('CPUs', 4, 'how many CPUs a job holds before those that idle matter'),
  cpuThrottledPercent: row(
    'percent',
    10,
    'for which share of its CPU time a job may be held back at its limit',
  ),

  nodeIdlePercent: row('percent', 1, 'below which use a node did nothing'),
  nodeBusyPercent: row('percent', 50, 'above which use another node of the job worked (ClusterCockpit)'),
  nodeUnevenPercent: row('percent', 40, 'how far below the busiest node the mean of all may be'),
  nodeFewCpus: row('CPUs', 16, 'below how many CPUs on each of several nodes a job is scattered (jobstats)'),

  memoryNearPercent: row(
    'percent',
    95,
    'from which share of its limit the memory of a job is about to run out',
  ),
  memoryClosePercent: row(
    'percent',
    90,
    'above which share of its limit the memory of a job is worth a remark',
  ),
  memoryUnusedPercent: row('percent', 30, 'below which share of its limit most memory is unused'),
  memoryUnusedGb: row('GB', 4, 'how much unused memory is worth a remark'),
  memoryGrowthMb: row('MB an hour', 10, 'from which growth on memory leaks (Coroot)'),
  memoryGrowthSeconds: row('seconds', 7200, 'for how long memory grows before it is called a leak (Coroot)'),

  timeUnusedPercent: row(
    'percent',
    10,
    'below which share of its limit the time of a completed job was asked for in vain (jobstats, red)',
  ),
  timeModestPercent: row(
    'percent',
    60,
    'below which share of its limit the time is worth a remark (jobstats, plain)',
  ),
  timeLeastSeconds: row('seconds', 900, 'how long a job runs before its time limit is judged (jobstats)'),
  shortSeconds: row('seconds', 60, 'below which a job is too short to be worth its start'),
  blackHoleJobs: row('jobs', 5, 'how many jobs fail within a minute on a node before the node is suspected'),
  sizingRuns: row('runs', 5, 'how many past runs say what the next one needs'),
} as const satisfies Record<string, Threshold>;

export type ThresholdName = keyof typeof THRESHOLDS;
export type Thresholds = Readonly<Record<ThresholdName, number>>;

export const DEFAULT_THRESHOLDS: Thresholds = Object.fromEntries(
  Object.entries(THRESHOLDS).map(([name, { otherwise }]) => [name, otherwise]),
) as Thresholds;

/** The name of a threshold in settings: `gpu-low-percent`. */
export const settingOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const NAMES = new Map(Object.keys(THRESHOLDS).map((name) => [settingOf(name), name as ThresholdName]));

/** Reads `gpu-low-percent=20`; undefined if there is no such threshold, or the number is none. */
export function readThreshold(word: string): readonly [ThresholdName, number] | undefined {
  const [, name = '', value = ''] = /^([a-z-]+)=(\d{1,9}(?:\.\d{1,3})?)$/.exec(word) ?? [];
  const known = NAMES.get(name);
  return known && [known, Number(value)];
}

/** Returns the thresholds of a site, which names those that differ; leaves out words that it cannot read. */
export const thresholdsOf = (words: readonly string[]): Thresholds => ({
  ...DEFAULT_THRESHOLDS,
  ...Object.fromEntries(
    words.flatMap((word) => [readThreshold(word) ?? []]).filter((pair) => pair.length > 0),
  ),
});
