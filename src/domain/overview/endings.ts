import type { EndedJob } from '../ended-job.ts';
import { runtimeSeconds } from '../job.ts';

/** Jobs that failed on one node. */
export interface Endings {
  /** Undefined for jobs that never had a node. */
  readonly node?: string;
  readonly jobs: number;
  /** How many ended within a minute: a node that ends every job at once is a black hole. */
  readonly short: number;
  /** Slurm's states, or `failed`, with the number of jobs, the most frequent first. */
  readonly states: readonly { readonly state: string; readonly jobs: number }[];
  /** The latest of them, at most MAX_EXAMPLES. */
  readonly examples: readonly string[];
}

const MAX_GROUPS = 8;
const MAX_EXAMPLES = 3;
const SHORT_SECONDS = 60;

interface Group {
  jobs: number;
  short: number;
  readonly states: Map<string, number>;
  readonly examples: string[];
}

const newGroup = (): Group => ({ jobs: 0, short: 0, states: new Map(), examples: [] });

/** Groups failed jobs by node, so that a node that fails all its jobs is one row. */
export function endingCollector() {
  const groups = new Map<string | undefined, Group>();
  return {
    /** Adds a failed job, the latest end first; a job of several nodes counts at its first. */
    addFailed(job: EndedJob): void {
      const { node } = job;
      const group = groups.get(node) ?? newGroup();
      groups.set(node, group);
      group.jobs++;
      if (isShort(job)) group.short++;
      const state = job.rawState?.split(' ')[0] ?? job.state;
      group.states.set(state, (group.states.get(state) ?? 0) + 1);
      if (group.examples.length < MAX_EXAMPLES) group.examples.push(job.id);
    },

    endings: (): Endings[] =>
      [...groups]
        .sort(([, one], [, other]) => other.jobs - one.jobs)
        .slice(0, MAX_GROUPS)
        .map(([node, { jobs, short, states, examples }]) => ({
          ...(node !== undefined && { node }),
          jobs,
          short,
          states: [...states]
            .map(([state, count]) => ({ state, jobs: count }))
            .sort((one, other) => other.jobs - one.jobs),
          examples,
        })),
  };
}

const isShort = ({ startTimeMs, endTimeMs, suspendedSeconds }: EndedJob): boolean =>
  startTimeMs !== undefined &&
  runtimeSeconds(startTimeMs, endTimeMs, endTimeMs, suspendedSeconds) < SHORT_SECONDS;
