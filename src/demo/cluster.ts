import type { Job, JobState } from '../domain/job.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A node is shared in quarters: one GPU of four, with its part of the cores and the memory. */
const QUARTERS = 4;
/** Jobs that may overtake one for which there is no room yet. */
const WAITING_JOBS = 24;
/** Starts in one step: after an outage the cluster fills over half an hour, not in an instant. */
const STARTS_PER_STEP = 2;

export interface ClusterNode {
  readonly name: string;
  readonly memoryMb: number;
  readonly hasGpus: boolean;
}

const rack = (prefix: string, count: number, memoryMb: number, hasGpus: boolean): ClusterNode[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `${prefix}${String(index + 1).padStart(3, '0')}`,
    memoryMb,
    hasGpus,
  }));

/** The nodes of the demonstration's cluster. */
export const NODES: readonly ClusterNode[] = [
  ...rack('gpu', 24, 515_000, true),
  ...rack('a100-', 8, 1_031_000, true),
  ...rack('cpu', 8, 257_000, false),
];
const NODES_BY_NAME = new Map(NODES.map((node) => [node.name, node]));

/** Its users, the busiest first. */
export const USERS: readonly string[] = `
  lweber nokafor schen mrossi jpark apatel dkowalski efischer tnguyen smartin kyamada obrien fsilva hlarsen rgupta
  vpetrov mdubois alopez wzhang jsmith cmeyer istefan bkaya phorvat lnovak yito gconti rfarah tandersson mkhan
  ebauer ssato dmoreau ajensen nivanova cwong pschmidt lcosta hkim afernandez jdeboer mvirtanen rsingh kbrandt
  zali fmueller egarcia olindholm tbakker dmarino jtanaka aherrera wfischbach ncohen sromano ijovanovic gpapadakis
  bakande phansen lkeller`
  .trim()
  .split(/\s+/);

/** The same numbers for the same seed, evenly spread from 0 up to 1 (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a job does to its nodes. All but `cpuOnly` have GPUs. */
export type Behaviour = 'steady' | 'bursty' | 'leaking' | 'idleGpu' | 'failing' | 'cpuOnly';

/** What a job will be wherever and whenever it starts. It follows from the id, so nothing but the store need remember it. */
export interface JobDraft {
  readonly id: string;
  readonly user: string;
  readonly behaviour: Behaviour;
  readonly nodeCount: number;
  /** Of each node. */
  readonly quarters: number;
  readonly runtimeMs: number;
  readonly verdict: JobState;
}

/** A job with its place and time. */
export interface DemoJob extends JobDraft {
  readonly nodes: readonly string[];
  readonly startTimeMs: number;
  /** When it ends, or will. */
  readonly endTimeMs: number;
}

const BEHAVIOUR_SHARES: readonly [Behaviour, number][] = [
  ['steady', 0.46],
  ['bursty', 0.2],
  ['cpuOnly', 0.14],
  ['failing', 0.08],
  ['idleGpu', 0.07],
  ['leaking', 0.05],
];
const VERDICT_SHARES: readonly [JobState, number][] = [
  ['completed', 0.9],
  ['cancelled', 0.07],
  ['failed', 0.03],
];
const NODE_COUNT_SHARES: readonly [number, number][] = [
  [1, 0.82],
  [2, 0.11],
  [4, 0.05],
  [3, 0.02],
];
const USER_SHARES = USERS.map((user, rank): [string, number] => [user, 1 / (rank + 3)]);

/** The job that has this id in the cluster of this seed. */
export function draftJob(seed: number, id: number): JobDraft {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(id, 0x85ebca6b));
  const user = draw(USER_SHARES, random());
  const behaviour = draw(BEHAVIOUR_SHARES, random());
  const nodeCount = draw(NODE_COUNT_SHARES, random());
  const isShared = nodeCount === 1 && random() < 0.85;
  const doomed = behaviour === 'failing' || behaviour === 'leaking';
  return {
    id: String(id),
    user,
    behaviour,
    nodeCount,
    quarters: isShared ? 1 + Math.floor(random() * 2) : QUARTERS,
    runtimeMs: Math.round(drawRuntimeMs(behaviour, random)),
    verdict: doomed ? 'failed' : draw(VERDICT_SHARES, random()),
  };
}

/** Most jobs take an hour or so, a few take a day; those that fail do it soon, and a leak takes its time. */
function drawRuntimeMs(behaviour: Behaviour, random: () => number): number {
  if (behaviour === 'failing') return (1 + random() * 24) * MINUTE_MS;
  if (behaviour === 'leaking') return (1 + random() * 6) * HOUR_MS;
  // The sum of uniform numbers is nearly normal, so this is nearly log-normal: 2 minutes to 40 hours.
  const bell = (random() + random() + random()) / 3;
  return 2 * MINUTE_MS * 1200 ** bell;
}

function draw<Value>(shares: readonly (readonly [Value, number])[], random: number): Value {
  let left = random * shares.reduce((sum, [, share]) => sum + share, 0);
  for (const [value, share] of shares) {
    left -= share;
    if (left < 0) return value;
  }
  return shares[0]![0];
}

/** A stored job as one of the demonstration's; undefined when somebody else has made it. */
export function recogniseJob(seed: number, job: Job): DemoJob | undefined {
  if (!/^\d{7,9}$/.test(job.id)) return undefined;
  const draft = draftJob(seed, Number(job.id));
  if (draft.user !== job.user || !job.nodes.every((name) => NODES_BY_NAME.has(name))) return undefined;
  const { nodes, startTimeMs } = job;
  if (startTimeMs === undefined) return undefined;
  const { endTimeMs = startTimeMs + draft.runtimeMs } = job;
  return { ...draft, nodes, startTimeMs, endTimeMs };
}

/** Memory in MB that the job may use on one of its nodes. */
export function memoryLimitMb(job: DemoJob, nodeIndex: number): number {
  const node = NODES_BY_NAME.get(job.nodes[nodeIndex]!)!;
  return Math.floor((node.memoryMb * job.quarters) / QUARTERS);
}

/** Says which jobs start at a time, given those that run. Ids count up from the first one. */
export type Scheduler = (running: readonly DemoJob[], timeMs: number) => DemoJob[];

/** A scheduler that keeps the cluster as full as a believable one is at that time of day. */
export function createScheduler(seed: number, firstId: number): Scheduler {
  const waiting: JobDraft[] = [];
  let nextId = firstId;

  return (running, timeMs) => {
    const free = freeQuarters(running);
    const started: DemoJob[] = [];
    while (started.length < STARTS_PER_STEP && fullness(free) < wantedFullness(timeMs)) {
      while (waiting.length < WAITING_JOBS) waiting.push(draftJob(seed, nextId++));
      const index = waiting.findIndex((draft) => findRoom(draft, free) !== undefined);
      if (index === -1) break;
      const draft = waiting.splice(index, 1)[0]!;
      const nodes = findRoom(draft, free)!;
      for (const name of nodes) free.set(name, free.get(name)! - draft.quarters);
      started.push({ ...draft, nodes, startTimeMs: timeMs, endTimeMs: timeMs + draft.runtimeMs });
    }
    return started;
  };
}

/** The jobs that start from `fromMs` to `toMs`, in the order of their starts, on a cluster where `running` run. */
export function planJobs(
  schedule: Scheduler,
  running: readonly DemoJob[],
  fromMs: number,
  toMs: number,
): DemoJob[] {
  const planned: DemoJob[] = [];
  let current = running;
  for (let timeMs = fromMs; timeMs <= toMs - MINUTE_MS; timeMs += MINUTE_MS) {
    const started = schedule(
      current.filter((job) => job.endTimeMs > timeMs),
      timeMs,
    ).map((job) => {
      // Not on the full minute, which no crowd of users hits.
      const startTimeMs = timeMs + Math.floor(createRandom(Number(job.id))() * MINUTE_MS);
      return { ...job, startTimeMs, endTimeMs: startTimeMs + job.runtimeMs };
    });
    current = [...current.filter((job) => job.endTimeMs > timeMs), ...started];
    planned.push(...started);
  }
  return planned.sort((a, b) => a.startTimeMs - b.startTimeMs);
}

function freeQuarters(running: readonly DemoJob[]): Map<string, number> {
  const free = new Map(NODES.map((node) => [node.name, QUARTERS]));
  for (const job of running) {
    for (const name of job.nodes) free.set(name, free.get(name)! - job.quarters);
  }
  return free;
}

function fullness(free: ReadonlyMap<string, number>): number {
  const left = [...free.values()].reduce((sum, quarters) => sum + quarters, 0);
  return 1 - left / (NODES.length * QUARTERS);
}

/** Fullest in the afternoon, emptiest before dawn. */
function wantedFullness(timeMs: number): number {
  const hour = (timeMs / HOUR_MS) % 24;
  return 0.86 + 0.08 * Math.cos(((hour - 15) / 24) * 2 * Math.PI);
}

/** The fullest nodes that still have room, so that whole nodes stay free for those who need them. */
function findRoom(draft: JobDraft, free: ReadonlyMap<string, number>): string[] | undefined {
  const needsGpus = draft.behaviour !== 'cpuOnly';
  const fitting = NODES.filter(
    (node) => node.hasGpus === needsGpus && free.get(node.name)! >= draft.quarters,
  ).map((node) => node.name);
  if (fitting.length < draft.nodeCount) return undefined;
  return fitting.sort((a, b) => free.get(a)! - free.get(b)!).slice(0, draft.nodeCount);
}
