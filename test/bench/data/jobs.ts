import { createRandom } from '../../../src/demo/random.ts';
import type { JobState, PastJob } from '../../../src/domain/job.ts';

/** Raise this with every change of the generated jobs: it makes databases on disk be built again. */
export const GENERATOR_VERSION = 1;

export const USERS = 500;
export const NODES = 2000;
const YEAR_MS = 365 * 86_400_000;
/** Fixed, so that every run generates the same jobs. */
const END_MS = Date.UTC(2025, 0, 1);
const START_MS = END_MS - 3 * YEAR_MS;
const MEAN_RUNTIME_MS = 4 * 3_600_000;

/** The jobs of a cluster. Every second of the newest `2 * running` jobs runs; likewise for pending. */
export interface JobsShape {
  readonly jobs: number;
  readonly running: number;
  readonly pending: number;
  /** Leaves out all but the running jobs. */
  readonly isOnlyRunning?: boolean;
}

const name = (letter: string, number: number) => `${letter}${String(number).padStart(4, '0')}`;

/**
 * Every eighth job belongs to the first user; 40 % of those run on the first node only, like health checks.
 */
export const BUSY = { user: name('u', 0), node: name('n', 0) } as const;
export const QUIET = { user: name('u', USERS - 1), node: name('n', NODES - 1) } as const;

/** Returns a job's number of nodes: 1.5 on average. */
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

/** Returns the job with this number, always the same. */
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

/** Yields the numbers of the jobs of a shape, oldest first. */
export function* jobNumbers({ jobs, running, isOnlyRunning = false }: JobsShape): Generator<number> {
  const start = isOnlyRunning ? jobs - 2 * running + 1 : 0;
  for (let index = start; index < jobs; index += isOnlyRunning ? 2 : 1) yield index;
}

/** A filter with at most one value for each field. */
export interface Filter {
  readonly state?: JobState;
  readonly user?: string;
  readonly node?: string;
}

/** Every combination of filters, with values of many, few or no jobs. */
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

/** Writes a filter as a query string. */
export const queryOf = (filter: Filter): string => new URLSearchParams({ ...filter }).toString();

export const matches = (job: PastJob, { state, user, node }: Filter): boolean =>
  (state === undefined || job.state === state) &&
  (user === undefined || job.user === user) &&
  (node === undefined || job.nodes.includes(node));
