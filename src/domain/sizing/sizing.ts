import { formatCount, formatMb, formatSeconds } from '../figures.ts';
import type { Thresholds } from '../finding/thresholds.ts';
import type { Job } from '../job.ts';
import { writeMemory, writeTime } from './option.ts';
import { countNodes, type Limit, type PastRun } from './past-run.ts';

/** Runs that a size rests on, the latest ones. */
export const MAX_PAST_RUNS = 200;

/** What can be asked for. */
export const RESOURCES = ['memory', 'time', 'cpus', 'gpus'] as const;
export type Resource = (typeof RESOURCES)[number];

/** How much of something the next run needs: MB for each node, seconds, CPUs, or GPUs. */
export interface Size {
  /** Enough for every past run, with some room, and more than any ran out of. */
  readonly enough: number;
  /** What the run at hand asked for; absent where that is not known. */
  readonly asked?: number;
  /** Of the runs that did not run out of it; absent if all did. */
  readonly median?: number;
  readonly upper?: number;
  readonly most?: number;
  /** The largest limit that a run ran out of. */
  readonly failed?: number;
  /** Runs in which it was known, and those of them that ran out of it. */
  readonly runs: number;
  readonly failedRuns: number;
  /** The option of sbatch that asks for `enough`. */
  readonly option: string;
  /** Whether that is worth changing: too much was asked for, or too little. */
  readonly isWorthIt: boolean;
}

/** What would be enough for the next run like one, by those before it. */
export interface Sizing {
  /** Past runs that say anything. */
  readonly runs: number;
  readonly sizes: Readonly<Partial<Record<Resource, Size>>>;
  /** One sentence. */
  readonly sentence: string;
  /** Why there is no size at all. */
  readonly lack?: string;
}

/** Lets a run need more than those before it did. */
const HEADROOM: Readonly<Record<Resource, number>> = { memory: 1.2, time: 1.5, cpus: 1, gpus: 1 };
/** Not even the largest run may fail. */
const LEAST_HEADROOM: Readonly<Record<Resource, number>> = { memory: 1.1, time: 1.2, cpus: 1, gpus: 1 };
/** The next step above a limit that was too small. */
const NEXT_STEP = 1.25;
const UPPER_SHARE = 0.95;
/** Asking for a little too much is no waste. */
const WORTH_SHARE = 0.8;

interface Kind {
  readonly read: (run: PastRun) => number | undefined;
  readonly asked: (job: Job) => number | undefined;
  /** Rounds up to what people would write, and writes the option for it. */
  readonly write: (value: number) => readonly [enough: number, option: string];
  readonly limit?: Limit;
}

const KINDS: Readonly<Record<Resource, Kind>> = {
  memory: {
    read: ({ memoryMb }) => memoryMb,
    asked: (job) =>
      job.details?.memoryLimitMb && Math.round(job.details.memoryLimitMb / Math.max(1, countNodes(job))),
    write: writeMemory,
    limit: 'memory',
  },
  time: {
    read: ({ seconds }) => seconds,
    asked: ({ details }) => details?.timeLimitSeconds,
    write: writeTime,
    limit: 'time',
  },
  cpus: {
    read: ({ cpus }) => cpus,
    asked: ({ details }) => details?.cpus,
    write: (value) => [value, `--cpus-per-task=${value}`],
  },
  gpus: {
    read: ({ gpus }) => gpus,
    asked: ({ details }) => details?.gpus,
    write: (value) => [value, `--gpus=${value}`],
  },
};

/**
 * Says what would be enough for the next run like `job`, by past runs like it. Silent about what fewer than
 * `sizing-runs` of them say.
 */
export function sizeRun(job: Job, runs: readonly PastRun[], { sizingRuns }: Thresholds): Sizing {
  const least = Math.max(1, sizingRuns);
  const sizes: Partial<Record<Resource, Size>> = {};
  for (const resource of RESOURCES) {
    const size = sizeOf(resource, job, runs, least);
    if (size) sizes[resource] = size;
  }
  const known = { runs: runs.length, sizes };
  if (Object.keys(sizes).length > 0) return { ...known, sentence: describe(job, known) };
  const lack =
    runs.length < least
      ? `${formatCount(runs.length, 'run')} like it ${runs.length === 1 ? 'says' : 'say'} what it needs; ${least} are wanted`
      : 'its runs were measured too little';
  return { ...known, sentence: `What the next run needs is not known: ${lack}.`, lack };
}

function sizeOf(resource: Resource, job: Job, runs: readonly PastRun[], least: number): Size | undefined {
  const { asked: readAsked, write, limit } = KINDS[resource];
  const { used, failed } = valuesOf(resource, runs);
  if (used.length + failed.length < least) return undefined;
  const spread = spreadOf(used);
  const largestFailed =
    failed.length > 0 ? { failed: failed.reduce((max, value) => Math.max(max, value)) } : {};
  const [enough, option] = write(wantedOf(resource, spread, largestFailed.failed));
  const asked = readAsked(job);
  const isTooMuch = asked !== undefined && enough < WORTH_SHARE * asked;
  const isTooLittle =
    limit !== undefined &&
    asked !== undefined &&
    enough > asked &&
    (failed.length > 0 || (spread.most ?? 0) > asked);
  return {
    enough,
    ...(asked !== undefined && { asked }),
    ...spread,
    ...largestFailed,
    runs: used.length + failed.length,
    failedRuns: failed.length,
    option,
    isWorthIt: isTooMuch || isTooLittle,
  };
}

/** Returns what runs used, ascending, and the limits that runs ran out of. */
function valuesOf(resource: Resource, runs: readonly PastRun[]): { used: number[]; failed: number[] } {
  const { read, limit } = KINDS[resource];
  const [used, failed]: [number[], number[]] = [[], []];
  for (const run of runs) {
    const value = read(run);
    if (value !== undefined) (limit !== undefined && run.ranOutOf === limit ? failed : used).push(value);
  }
  return { used: used.sort((one, other) => one - other), failed };
}

type Spread = Pick<Size, 'median' | 'upper' | 'most'>;

function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return {};
  const at = (share: number) => quantileOf(values, share);
  return { median: at(0.5), upper: at(UPPER_SHARE), most: at(1) };
}

const wantedOf = (resource: Resource, { upper = 0, most = 0 }: Spread, failed = 0): number =>
  Math.max(upper * HEADROOM[resource], most * LEAST_HEADROOM[resource], failed * NEXT_STEP);

/** Returns the least value that a share of ascending values do not exceed. */
const quantileOf = (values: readonly number[], share: number): number =>
  values[Math.max(0, Math.ceil(share * values.length) - 1)]!;

function describe({ details }: Job, { runs, sizes }: Pick<Sizing, 'runs' | 'sizes'>): string {
  const whose = `The last ${formatCount(runs, 'run')}${details?.name ? ` of ${details.name}` : ''}`;
  const known = RESOURCES.flatMap((resource) =>
    sizes[resource] ? [[resource, sizes[resource]] as const] : [],
  );
  const worthIt = known.filter(([, { isWorthIt }]) => isWorthIt);
  if (worthIt.length === 0)
    return `${whose} fit what it asks for: ${known.map(([resource]) => NAMES[resource]).join(', ')}.`;
  const used = worthIt.flatMap(([resource, size]) => describeUse(resource, size) ?? []);
  const failed = worthIt.flatMap(([resource, size]) => describeFailed(resource, size) ?? []);
  const parts = [...(used.length > 0 ? [`used at most ${used.join(', ')}`] : []), ...failed];
  return `${whose} ${parts.join('; ')}.`;
}

const NAMES: Readonly<Record<Resource, string>> = {
  memory: 'memory',
  time: 'time',
  cpus: 'CPUs',
  gpus: 'GPUs',
};

function describeUse(resource: Resource, { asked, most }: Size): string | undefined {
  if (most === undefined || asked === undefined) return undefined;
  const of = most > asked ? 'where this one asked for' : 'of';
  if (resource === 'memory') return `${formatMb(most)} ${of} ${formatMb(asked)} of memory`;
  if (resource === 'time') return `${formatSeconds(most)} ${of} ${formatSeconds(asked)}`;
  return `${most} of ${formatCount(asked, resource === 'cpus' ? 'CPU' : 'GPU')}`;
}

function describeFailed(resource: Resource, { failed, failedRuns, runs }: Size): string | undefined {
  if (failed === undefined) return undefined;
  const limit = resource === 'memory' ? `${formatMb(failed)} of memory` : formatSeconds(failed);
  return `${failedRuns === runs ? 'all' : failedRuns} ran out of ${limit}`;
}

/** Returns the options that are worth changing, as lines of a job script. */
export const scriptLines = ({ sizes }: Sizing): string[] =>
  RESOURCES.flatMap((resource) => {
    const size = sizes[resource];
    return size?.isWorthIt ? [`#SBATCH ${size.option}`] : [];
  });
