import { createRandom } from '../../../src/demo/random.ts';
import { hasEnded, JOB_STATES, type Job, type PastJob } from '../../../src/domain/job.ts';
import { JOB_SORTS, type JobFilter, type JobOrder } from '../../../src/domain/list.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';

// Lists computed from arrays of jobs, which the lists of a store must equal.

const USERS = ['alice', 'Bob', 'a,b', 'a', '100%_\\', 'zoë'];
const NODES = ['n1', 'n2', 'n3', 'n,4'];
export const NOW_MS = NOON_MS + 60 * MINUTE_MS;

export const ORDERS: JobOrder[] = JOB_SORTS.flatMap((sort) =>
  [false, true].map((isAscending) => ({ sort, isAscending })),
);

export function randomTools(seed: number) {
  const random = createRandom(seed);
  const below = (count: number) => Math.floor(random() * count);
  const pick = <Item>(items: readonly Item[]) => items[below(items.length)]!;
  const some = <Item>(items: readonly Item[]) => {
    const chosen = items.filter(() => random() < 0.4);
    return chosen.length > 0 ? chosen : [pick(items)];
  };
  return { random, below, pick, some };
}
type Tools = ReturnType<typeof randomTools>;

export function makeJob(id: string, { random, below, pick, some }: Tools): PastJob {
  const state = pick(JOB_STATES);
  const startTimeMs = NOON_MS + below(40) * MINUTE_MS;
  return pastJob(id, {
    user: pick(USERS),
    nodes: some(NODES),
    state,
    startTimeMs,
    ...(hasEnded(state) && { endTimeMs: startTimeMs + Math.floor(random() * 20) * MINUTE_MS }),
  });
}

/**
 * Creates jobs with many ties, some without usage, some measured on several nodes; returns them as read one
 * by one.
 */
export async function fill(store: Store, count: number, tools: Tools): Promise<Job[]> {
  const made = Array.from({ length: count }, (_, index) =>
    makeJob(`${tools.pick(['Job', 'x%', '🧪'])}-${index}`, tools),
  );
  await store.createJobs(made);
  const samples = made
    .filter(() => tools.random() < 0.7)
    .flatMap(({ id, nodes }) =>
      tools.some(nodes).map((node) => ({
        jobId: id,
        node,
        timeMs: NOON_MS,
        stamped: true,
        cpuUsage: tools.below(40) / 4,
        memoryUsageMb: tools.below(10) * 100,
        ...(tools.random() < 0.5 && { gpuUsage: tools.below(8) / 2 }),
      })),
    );
  await store.recordSamples(samples);
  return Promise.all(made.map(({ id }) => store.getJob(id)));
}

const listOf = <Value extends string>(value: Value | readonly Value[]) =>
  typeof value === 'string' ? [value] : value;

/** Returns the names in a filter: an unknown name with commas stands for its parts. */
const namesOf = (value: string | readonly string[], known: readonly string[]) =>
  listOf(value).flatMap((name) => (known.includes(name) ? [name] : name.split(',')));

const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

const runtimeMs = ({ startTimeMs, endTimeMs = NOW_MS }: Job) =>
  Math.max(0, Math.min(endTimeMs, NOW_MS) - startTimeMs!);

export function isWanted(
  job: Job,
  { state, user, node, sinceMs, untilMs, minRuntimeMs, text }: JobFilter,
): boolean {
  return [
    state === undefined || listOf(state).includes(job.state),
    user === undefined || namesOf(user, USERS).includes(job.user),
    node === undefined || namesOf(node, NODES).some((name) => job.nodes.includes(name)),
    sinceMs === undefined || (job.endTimeMs ?? NOW_MS) >= sinceMs,
    untilMs === undefined || job.startTimeMs! <= untilMs,
    minRuntimeMs === undefined || runtimeMs(job) >= minRuntimeMs,
    text === undefined || [job.id, job.user].some((name) => lower(name).includes(lower(text))),
  ].every(Boolean);
}

const VALUE: Record<JobOrder['sort'], (job: Job) => number | undefined> = {
  startTime: (job) => job.startTimeMs,
  endTime: (job) => job.endTimeMs,
  runtime: runtimeMs,
  cpuUsage: (job) => job.cpuUsage,
  memoryUsage: (job) => job.memoryUsageMb,
  gpuUsage: (job) => job.gpuUsage,
};

export function sorted(jobs: readonly Job[], { sort, isAscending }: JobOrder): Job[] {
  const byId = (a: Job, b: Job) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id));
  const known = jobs.filter((job) => VALUE[sort](job) !== undefined);
  const unknown = jobs.filter((job) => VALUE[sort](job) === undefined);
  const sign = isAscending ? 1 : -1;
  known.sort((a, b) => sign * (VALUE[sort](a)! - VALUE[sort](b)!) || byId(a, b));
  return [...known, ...unknown.sort(byId)];
}

export const idsOf = (jobs: readonly Job[]) => jobs.map(({ id }) => id);

const PARTS: ((tools: Tools) => JobFilter)[] = [
  ({ some }) => ({ state: some(JOB_STATES) }),
  ({ pick }) => ({ state: pick(JOB_STATES) }),
  ({ some }) => ({ user: some([...USERS, 'nobody']) }),
  ({ pick }) => ({ user: pick(['a,b', 'alice,a', 'alice,,nobody', 'x,y', ',', 'zoë']) }),
  ({ some }) => ({ node: some([...NODES, 'nowhere']) }),
  ({ pick }) => ({ node: pick(['n1', 'n1,n2', 'n,4', 'n1,nowhere', 'n2,n2']) }),
  ({ below }) => ({ sinceMs: NOON_MS + below(70) * MINUTE_MS }),
  ({ below }) => ({ untilMs: NOON_MS + below(50) * MINUTE_MS - 1 }),
  ({ below }) => ({ minRuntimeMs: below(40) * MINUTE_MS }),
  ({ pick }) => ({ text: pick(['job', 'B-1', 'ob', '%', '_', '\\', 'OË', 'oë', '-17', '🧪', 'zzz']) }),
];

export const randomFilter = (tools: Tools): JobFilter =>
  Object.assign({}, ...tools.some(PARTS).map((part) => (tools.random() < 0.8 ? part(tools) : {})));
