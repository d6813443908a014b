import { createRandom } from '../../../src/demo/random.ts';
import { defined } from '../../../src/domain/defined.ts';
import type { JobDetails } from '../../../src/domain/detail.ts';
import { hasEnded, JOB_STATES, type Job, type PastJob } from '../../../src/domain/job.ts';
import {
  JOB_FIGURES,
  JOB_SORTS,
  type JobFigure,
  type JobFilter,
  type JobOrder,
} from '../../../src/domain/list.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';

// Lists computed from arrays of jobs, which the lists of a store must equal.

const USERS = ['alice', 'Bob', 'a,b', 'a', '100%_\\', 'zoë'];
const NODES = ['n1', 'n2', 'n3', 'n,4', 'odd[1'];
const NAMES = ['train', 'train-1', 'TRAIN', 'a*b', 'q?[x]', 'a,b'];
const RAW_STATES = ['TIMEOUT', 'Node_Fail', 'COMPLETED'];
const REASONS = ['Priority', 'ReqNodeNotAvail, Reserved', 'priority'];
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

/** Returns a part of some details, because most can be unknown. */
function makeDetails({ random, below, pick }: Tools, startTimeMs: number): JobDetails {
  const known = <Value>(make: () => Value) => (random() < 0.7 ? make() : undefined);
  return defined<JobDetails>({
    name: known(() => pick(NAMES)),
    submitTimeMs: known(() => startTimeMs - below(30) * MINUTE_MS),
    cpus: known(() => below(5) * 8),
    gpus: known(() => below(3)),
    memoryLimitMb: known(() => below(4) * 500),
    rawState: known(() => pick(RAW_STATES)),
    reason: known(() => pick(REASONS)),
  });
}

export function makeJob(id: string, tools: Tools): PastJob {
  const { random, below, pick, some } = tools;
  const state = pick(JOB_STATES);
  const startTimeMs = NOON_MS + below(40) * MINUTE_MS;
  return pastJob(id, {
    user: pick(USERS),
    nodes: some(NODES),
    state,
    startTimeMs,
    details: makeDetails(tools, startTimeMs),
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

/** As `namesOf`, with the lists of `PARTS` written out. */
const nodesOf = (value: string | readonly string[]) =>
  namesOf(
    listOf(value).flatMap((name) => LISTS[name] ?? name),
    NODES,
  );

/** Lists of nodes and their names. */
const LISTS: Readonly<Record<string, string>> = {
  'n[1-2]': 'n1,n2',
  'n[2,3],n1': 'n2,n3,n1',
  'n[7-99]': 'n7',
  'odd[1,n1': 'odd[1,n1',
};

const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

const FIGURES: Record<JobFigure, (job: Job) => number | undefined> = {
  runtime: (job) => runtimeMs(job),
  wait: (job) =>
    job.details?.submitTimeMs === undefined
      ? undefined
      : Math.max(0, job.startTimeMs! - job.details.submitTimeMs),
  nodes: ({ nodes }) => nodes.length,
  cpus: ({ details }) => details?.cpus,
  gpus: ({ details }) => details?.gpus,
  cpuUsage: (job) => (job.usageTimeMs === undefined ? undefined : job.cpuUsage),
  memoryUsage: (job) => (job.usageTimeMs === undefined ? undefined : job.memoryUsageMb),
  memoryPercent: (job) =>
    job.usageTimeMs === undefined || !job.details?.memoryLimitMb
      ? undefined
      : (100 * job.memoryUsageMb) / job.details.memoryLimitMb,
  gpuUsage: (job) => job.gpuUsage,
};

function isInRanges(job: Job, ranges: NonNullable<JobFilter['ranges']>): boolean {
  return Object.entries(ranges).every(([figure, { min = -Infinity, max = Infinity }]) => {
    const value = FIGURES[figure as JobFigure](job);
    return value !== undefined && value >= min && value <= max;
  });
}

/** Whether a text is one of some, in which `*` stands for any text. */
function isAlike(text: string | undefined, wanted: string | readonly string[] | undefined): boolean {
  if (wanted === undefined) return true;
  const ways = listOf(wanted).flatMap((way) => [way, ...way.split(',')]);
  return text !== undefined && ways.some((way) => isPattern(text, way));
}

function isPattern(text: string, way: string): boolean {
  const [start = '', ...rest] = way.split('*');
  if (rest.length === 0) return text === way;
  let place = start.length;
  if (!text.startsWith(start)) return false;
  const end = rest.pop()!;
  for (const part of rest) {
    const at = text.indexOf(part, place);
    if (at < 0) return false;
    place = at + part.length;
  }
  return text.length - end.length >= place && text.endsWith(end);
}

const lowerAll = (value: string | readonly string[]) => listOf(value).map(lower);

const runtimeMs = ({ startTimeMs, endTimeMs = NOW_MS }: Job) =>
  Math.max(0, Math.min(endTimeMs, NOW_MS) - startTimeMs!);

export function isWanted(
  job: Job,
  { state, user, node, sinceMs, untilMs, ranges, details, text }: JobFilter,
): boolean {
  return [
    state === undefined || listOf(state).includes(job.state),
    user === undefined || namesOf(user, USERS).includes(job.user),
    node === undefined || nodesOf(node).some((name) => job.nodes.includes(name)),
    sinceMs === undefined || (job.endTimeMs ?? NOW_MS) >= sinceMs,
    untilMs === undefined || job.startTimeMs! <= untilMs,
    ranges === undefined || isInRanges(job, ranges),
    isAlike(job.details?.name, details?.name),
    details?.rawState === undefined ||
      lowerAll(details.rawState).includes(job.details?.rawState?.toLowerCase() ?? ''),
    isAlike(job.details?.reason?.toLowerCase(), details?.reason && lowerAll(details.reason)),
    text === undefined || [job.id, job.user].some((name) => lower(name).includes(lower(text))),
  ].every(Boolean);
}

const VALUE: Record<JobOrder['sort'], (job: Job) => number | undefined> = {
  startTime: (job) => job.startTimeMs,
  endTime: (job) => job.endTimeMs,
  runtime: runtimeMs,
  wait: FIGURES.wait,
  nodes: FIGURES.nodes,
  cpus: FIGURES.cpus,
  gpus: FIGURES.gpus,
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
  ({ pick }) => ({ node: pick(Object.keys(LISTS)) }),
  ({ pick, below }) => ({ ranges: { [pick(JOB_FIGURES)]: { min: below(10) } } }),
  ({ pick, below }) => ({ ranges: { [pick(JOB_FIGURES)]: { max: below(90) } } }),
  ({ below }) => ({ ranges: { nodes: { min: below(3), max: 2 }, cpus: { min: 8 * below(4) } } }),
  ({ below }) => ({ ranges: { runtime: { min: below(40) * MINUTE_MS }, wait: { max: 9 * MINUTE_MS } } }),
  ({ below }) => ({ ranges: { memoryPercent: { min: 20 * below(8) }, gpuUsage: { max: below(5) } } }),
  ({ pick }) => ({ details: { name: pick(['train', 'train*', '*a*', 'a*b', '*?[*', 'q?[x]', '*', 'a,b']) } }),
  ({ some }) => ({ details: { rawState: some(['timeout', 'NODE_FAIL', 'COMP*']) } }),
  ({ pick }) => ({ details: { reason: pick(['PRIORITY', 'reqnodenotavail*', 'Reserved', 'Priority,x']) } }),
  ({ pick }) => ({ text: pick(['job', 'B-1', 'ob', '%', '_', '\\', 'OË', 'oë', '-17', '🧪', 'zzz']) }),
];

export const randomFilter = (tools: Tools): JobFilter =>
  Object.assign({}, ...tools.some(PARTS).map((part) => (tools.random() < 0.8 ? part(tools) : {})));
