import { NODES, PARTITIONS, type Partition, placesIn, QUARTERS } from './cluster.ts';
import { draftJob, isLarge, type JobDraft } from './draft.ts';
import { type DemoJob, startJob, type WaitingJob } from './life.ts';
import { createRandom } from './random.ts';
import { blackHole, shunnedNodes } from './trouble.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/**
 * Jobs that wait for a partition: people submit more while
 * there are fewer, and hold back while there are more.
 */
const WAITING_JOBS = { least: 3, most: 16 };
/** A partition of jobs that take all of it needs no more. */
const WAITING_LARGE_JOBS = { least: 1, most: 3 };
/** A node that fails every job gets the next one after this time. */
const HOLE_EVERY_MS = 6 * MINUTE_MS;
/** Starts a minute: after an outage the cluster fills over half an hour, not in an instant. */
const STARTS_A_MINUTE = 2;
/** Jobs of long ago start on a coarser clock, which takes a tenth of the time. */
const COARSE_STEP_MS = 20 * MINUTE_MS;
const COARSE_STARTS = 14;

/** Decides which jobs start, as a scheduler with backfill does. Ids count up from the first one. */
export interface Scheduler {
  /** The jobs that start at a time, given those that run; those of twenty minutes if `isCoarse`. */
  start(running: readonly DemoJob[], timeMs: number, isCoarse?: boolean): DemoJob[];
  /** Those that wait, the one that was submitted first before the others. */
  waiting(): readonly WaitingJob[];
  /** Takes a waiting job away. */
  drop(id: string): void;
}

/** A scheduler that keeps the cluster as full as a believable one is at that time of day. */
export function createScheduler(
  seed: number,
  firstId: number,
  alreadyWaiting: readonly WaitingJob[] = [],
): Scheduler {
  const waiting: WaitingJob[] = [...alreadyWaiting];
  let nextId = firstId;

  const countWaiting = (partition: Partition) => waiting.filter((job) => job.partition === partition).length;

  const isShort = (partition: Partition) => countWaiting(partition) < limitsOf(partition).least;

  function fillQueue(timeMs: number): void {
    while (PARTITIONS.some(isShort)) {
      const draft = draftJob(seed, nextId++);
      if (countWaiting(draft.partition) >= limitsOf(draft.partition).most && !isLargeArray(draft)) continue;
      const submitTimeMs = wholeSecond(timeMs);
      waiting.push({ ...draft, submitTimeMs });
      // An array is submitted as a whole.
      for (let task = draftJob(seed, nextId); isSameArray(task, draft); task = draftJob(seed, ++nextId))
        waiting.push({ ...task, submitTimeMs });
    }
  }

  let lastHoleMs = Number.NEGATIVE_INFINITY;

  /** The nodes of the first waiting job that has room. */
  function findNext(free: ReadonlyMap<string, number>, timeMs: number, isCoarse: boolean) {
    const hole = blackHole(timeMs);
    const shunned = shunnedNodes(timeMs);
    const isHoleDue = !isCoarse && timeMs - lastHoleMs >= HOLE_EVERY_MS;
    const isFull = new Map(
      PARTITIONS.map((one) => [one, fullness(one, free) >= wantedFullness(one, timeMs)]),
    );
    const tooLarge = new Set<string>();
    for (const [index, draft] of waiting.entries()) {
      if (isHoleDue && hole !== undefined && fitsOn(draft, hole, free)) {
        lastHoleMs = timeMs;
        return { index, nodes: [hole] };
      }
      const size = `${draft.partition.name} ${draft.nodeCount} ${draft.quarters}`;
      if (isFull.get(draft.partition) || tooLarge.has(size)) continue;
      const nodes = findRoom(draft, free, shunned);
      if (nodes) return { index, nodes };
      tooLarge.add(size);
    }
    return undefined;
  }

  return {
    start(running, timeMs, isCoarse = false) {
      const most = isCoarse ? COARSE_STARTS : STARTS_A_MINUTE;
      const free = freeQuarters(running);
      const started: DemoJob[] = [];
      fillQueue(timeMs);
      while (started.length < most) {
        const found = findNext(free, timeMs, isCoarse);
        if (!found) break;
        const { nodes } = found;
        const draft = waiting.splice(found.index, 1)[0]!;
        for (const name of nodes) free.set(name, free.get(name)! - draft.quarters);
        const gpuPlaces = findPlaces(draft, nodes, [...running, ...started]);
        started.push(startJob(draft, { nodes, gpuPlaces, startTimeMs: wholeSecond(timeMs) }));
        fillQueue(timeMs);
      }
      return started;
    },
    waiting: () => waiting,
    drop(id) {
      const index = waiting.findIndex((job) => job.id === id);
      if (index >= 0) waiting.splice(index, 1);
    },
  };
}

interface Plan {
  readonly fromMs: number;
  readonly toMs: number;
  /** Before this time a coarser clock is good enough. */
  readonly fineFromMs?: number;
}

/** The jobs that start in a time, in the order of their starts, on a cluster where `running` run. */
export function planJobs(
  scheduler: Scheduler,
  running: readonly DemoJob[],
  { fromMs, toMs, fineFromMs = fromMs }: Plan,
): DemoJob[] {
  const planned: DemoJob[] = [];
  let current = running;
  let stepMs = MINUTE_MS;
  for (let timeMs = fromMs; timeMs <= toMs - MINUTE_MS; timeMs += stepMs) {
    const isCoarse = timeMs + COARSE_STEP_MS <= fineFromMs;
    stepMs = isCoarse ? COARSE_STEP_MS : MINUTE_MS;
    current = current.filter((job) => job.endTimeMs > timeMs);
    const started = scheduler.start(current, timeMs, isCoarse).map((job) => {
      // Not on the full minute, which no crowd of users hits.
      const startTimeMs = wholeSecond(timeMs + Math.floor(createRandom(Number(job.id))() * stepMs));
      return { ...job, startTimeMs, endTimeMs: startTimeMs + job.runtimeMs };
    });
    current = [...current, ...started];
    planned.push(...started);
  }
  return planned.sort((a, b) => a.startTimeMs - b.startTimeMs);
}

/** Slurm's times are whole seconds. */
const wholeSecond = (timeMs: number): number => Math.floor(timeMs / 1000) * 1000;

function freeQuarters(running: readonly DemoJob[]): Map<string, number> {
  const free = new Map([...NODES.keys()].map((name) => [name, QUARTERS]));
  for (const job of running) {
    for (const name of job.nodes) free.set(name, free.get(name)! - job.quarters);
  }
  return free;
}

const takesAll = ({ isForLargeJobs }: Partition) => isForLargeJobs === true;
const limitsOf = (partition: Partition) => (takesAll(partition) ? WAITING_LARGE_JOBS : WAITING_JOBS);

const isLargeArray = ({ array }: JobDraft): boolean => array !== undefined && isLarge(array);

const isSameArray = (one: JobDraft, other: JobDraft): boolean =>
  one.array !== undefined && one.array.id === other.array?.id;

const fitsOn = (draft: JobDraft, node: string, free: ReadonlyMap<string, number>): boolean =>
  draft.nodeCount === 1 && draft.partition.nodes.includes(node) && free.get(node)! >= draft.quarters;

function fullness({ nodes }: Partition, free: ReadonlyMap<string, number>): number {
  const left = nodes.reduce((sum, name) => sum + free.get(name)!, 0);
  return 1 - left / (nodes.length * QUARTERS);
}

/** Fullest in the afternoon, emptiest before dawn, but for jobs that take all nodes. */
function wantedFullness(partition: Partition, timeMs: number): number {
  if (takesAll(partition)) return 1;
  const hour = (timeMs / HOUR_MS) % 24;
  return 0.86 + 0.08 * Math.cos(((hour - 15) / 24) * 2 * Math.PI);
}

/** The first GPUs of its nodes that no other job has; a job of several nodes has all of each. */
function findPlaces(
  { partition, quarters }: JobDraft,
  nodes: readonly string[],
  running: readonly DemoJob[],
): number[] {
  const neighbours = running.filter((job) => job.nodes.includes(nodes[0]!));
  const taken = new Set(neighbours.flatMap(({ gpuPlaces }) => gpuPlaces));
  return placesIn(partition)
    .filter((place) => !taken.has(place))
    .slice(0, quarters);
}

/** The fullest nodes that still have room, so that whole nodes stay free for those who need them. */
function findRoom(
  draft: JobDraft,
  free: ReadonlyMap<string, number>,
  shunned: readonly string[],
): string[] | undefined {
  const fitting = draft.partition.nodes.filter(
    (name) => !shunned.includes(name) && free.get(name)! >= draft.quarters,
  );
  if (fitting.length < draft.nodeCount) return undefined;
  return fitting.sort((a, b) => free.get(a)! - free.get(b)!).slice(0, draft.nodeCount);
}
