import { createRandom } from '../../../src/demo/random.ts';
import type { JobState, PastJob } from '../../../src/domain/job.ts';

/** To be raised whenever other jobs come out, so that data on disk is made anew. */
export const GENERATOR_VERSION = 1;

export const USERS = 500;
export const NODES = 2000;
const YEAR_MS = 365 * 86_400_000;
/** Fixed, so that the same jobs come out on every day. */
const END_MS = Date.UTC(2025, 0, 1);
const START_MS = END_MS - 3 * YEAR_MS;
const MEAN_RUNTIME_MS = 4 * 3_600_000;

/** A cluster's past. The running jobs are among the newest twice as many, and so are the pending ones. */
export interface JobsShape {
  readonly jobs: number;
  readonly running: number;
  readonly pending: number;
  /** The same running jobs, and no other. */
  readonly isOnlyRunning?: boolean;
}

const name = (letter: string, number: number) => `${letter}${String(number).padStart(4, '0')}`;

/** Every eighth job is the first user's, and 40 % of those are on the first node alone, as health checks are. */
export const BUSY = { user: name('u', 0), node: name('n', 0) } as const;
export const QUIET = { user: name('u', USERS - 1), node: name('n', NODES - 1) } as const;

/** Nodes of a job: 1.5 on average. */
function nodeCount(share: number): number {
  if (share < 0.84) return 1;
  if (share < 0.94) return 2;
  return share < 0.98 ? 4 : 15;
}

function stateOf(index: number, { jobs, running, pending }: JobsShape, share: number): JobState {
  const age = jobs - 1 - index;
  if (age < 2 * running && age % 2 === 0) return 'running';
  if (age < 2 * pending && age % 2 === 1) return 'pending';
  if (share < 0.86) return 'completed';
  return share < 0.96 ? 'failed' : 'cancelled';
}

/** The job of that number; the same whenever it is asked for. */
export function jobAt(index: number, shape: JobsShape): PastJob {
  const random = createRandom(Math.imul(index + 1, 0x9e3779b1));
  const state = stateOf(index, shape, random());
  const startTimeMs = Math.floor(START_MS + ((index + random()) / shape.jobs) * (END_MS - START_MS));
  const user = Math.floor(USERS * random() ** 3);
  const isCheck = user === 0 && random() < 0.4;
  const first = isCheck ? 0 : Math.floor(NODES * random());
  const count = isCheck ? 1 : nodeCount(random());
  const runtimeMs = Math.ceil(-Math.log(1 - random()) * MEAN_RUNTIME_MS) + 1000;
  return {
    id: String(1_000_000 + index),
    user: name('u', user),
    nodes: Array.from({ length: count }, (_, offset) => name('n', (first + offset) % NODES)),
    state,
    startTimeMs,
    ...(state !== 'running' &&
      state !== 'pending' && { endTimeMs: Math.min(startTimeMs + runtimeMs, END_MS) }),
  };
}

/** The numbers of the jobs of a shape, oldest first. */
export function* jobNumbers({ jobs, running, isOnlyRunning = false }: JobsShape): Generator<number> {
  const start = isOnlyRunning ? jobs - 2 * running + 1 : 0;
  for (let index = start; index < jobs; index += isOnlyRunning ? 2 : 1) yield index;
}

/** A filter with one value each. */
export interface Filter {
  readonly state?: JobState;
  readonly user?: string;
  readonly node?: string;
}

/** Every combination of filters, with values that many, few or no jobs have. */
export const FILTERS: readonly Filter[] = [undefined, 'completed', 'running', 'pending', 'cancelled'].flatMap(
  (state) =>
    [undefined, BUSY.user, QUIET.user].flatMap((user) =>
      [undefined, BUSY.node, QUIET.node].map((node) => ({
        ...(state !== undefined && { state: state as JobState }),
        ...(user !== undefined && { user }),
        ...(node !== undefined && { node }),
      })),
    ),
);

/** The filter as the query of a list. */
export const queryOf = (filter: Filter): string => new URLSearchParams({ ...filter }).toString();

export const matches = (job: PastJob, { state, user, node }: Filter): boolean =>
  (state === undefined || job.state === state) &&
  (user === undefined || job.user === user) &&
  (node === undefined || job.nodes.includes(node));
