/**
 * What ended runs held and used, added up. Every figure is a whole number, so that a correction can be taken
 * away exactly. Unknown figures add nothing; `waits` and `energies` count the runs whose
 * figure is known.
 */
export interface Tally {
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Those of the former that ended with this state of Slurm. */
  readonly timedOut: number;
  readonly outOfMemory: number;
  readonly nodeFailed: number;
  readonly preempted: number;
  readonly runtimeSeconds: number;
  /** From submission to start. */
  readonly waitSeconds: number;
  /** Runs whose wait is known. */
  readonly waits: number;
  /** Held: CPUs times runtime. */
  readonly cpuSeconds: number;
  readonly gpuSeconds: number;
  readonly memoryMbSeconds: number;
  /** Held while it was measured how much of it is used: what an efficiency is a share of. */
  readonly cpuMeasuredSeconds: number;
  readonly gpuMeasuredSeconds: number;
  readonly memoryMeasuredMbSeconds: number;
  /** Used in that time. */
  readonly cpuUsedSeconds: number;
  readonly gpuUsedSeconds: number;
  readonly memoryUsedMbSeconds: number;
  readonly energyJoules: number;
  /** Runs whose energy is known. */
  readonly energies: number;
}

export type TallyField = keyof Tally;

/** Every figure of a tally with its column in SQL engines. */
export const TALLY_COLUMNS = {
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  timedOut: 'timed_out',
  outOfMemory: 'out_of_memory',
  nodeFailed: 'node_failed',
  preempted: 'preempted',
  runtimeSeconds: 'runtime',
  waitSeconds: 'wait',
  waits: 'waits',
  cpuSeconds: 'cpu',
  gpuSeconds: 'gpu',
  memoryMbSeconds: 'memory',
  cpuMeasuredSeconds: 'cpu_measured',
  gpuMeasuredSeconds: 'gpu_measured',
  memoryMeasuredMbSeconds: 'memory_measured',
  cpuUsedSeconds: 'cpu_used',
  gpuUsedSeconds: 'gpu_used',
  memoryUsedMbSeconds: 'memory_used',
  energyJoules: 'energy',
  energies: 'energies',
} as const satisfies Record<TallyField, string>;

export const TALLY_FIELDS = Object.keys(TALLY_COLUMNS) as TallyField[];

const tallyFrom = (figureOf: (field: TallyField) => number): Tally =>
  Object.fromEntries(TALLY_FIELDS.map((field) => [field, figureOf(field)])) as unknown as Tally;

export const NO_TALLY: Tally = tallyFrom(() => 0);

export const addTallies = (one: Tally, other: Tally): Tally =>
  tallyFrom((field) => one[field] + other[field]);

/** Adds up many tallies, without an object for each step. */
export function sumTallies(tallies: Iterable<Tally>): Tally {
  const sum: Record<TallyField, number> = { ...NO_TALLY };
  for (const tally of tallies) for (const field of TALLY_FIELDS) sum[field] += tally[field];
  return sum;
}

/** Returns what is left of the first without the second. */
export const subtractTally = (one: Tally, other: Tally): Tally =>
  tallyFrom((field) => one[field] - other[field]);

export const isSameTally = (one: Tally, other: Tally): boolean =>
  TALLY_FIELDS.every((field) => one[field] === other[field]);

/** Returns the number of runs. */
export const countRuns = ({
  completed,
  failed,
  cancelled,
}: Pick<Tally, 'completed' | 'failed' | 'cancelled'>): number => completed + failed + cancelled;

/** How runs ended and how long they took, which is not asked of nodes. */
const NOT_HELD = [
  ...(['timedOut', 'outOfMemory', 'nodeFailed', 'preempted'] as const),
  ...(['runtimeSeconds', 'waitSeconds', 'waits'] as const),
] as const;

/** The figures of what was held and used: two thirds of a tally. */
export type HeldTally = Omit<Tally, (typeof NOT_HELD)[number]>;
export const HELD_FIELDS = TALLY_FIELDS.filter(
  (field): field is keyof HeldTally => !(NOT_HELD as readonly TallyField[]).includes(field),
);

/** Adds up what was held and used. */
export function sumHeld(tallies: Iterable<HeldTally>): HeldTally {
  const sum: Record<keyof HeldTally, number> = { ...NO_TALLY };
  for (const tally of tallies) for (const field of HELD_FIELDS) sum[field] += tally[field];
  return sum;
}
