import type { AgentNow, NodeNow, OwnedJob } from '../nodes/node-now.ts';
import type { CommandState } from '../slurm-health.ts';

/** When one of Slurm's programs answered last. */
export interface SourceAge {
  /** Milliseconds since 1970; absent if it never did. */
  readonly lastMs?: number;
  /** Whether what it said is no longer of the present. */
  readonly isStale: boolean;
}

/** Nodes with running jobs, by the age of what their agents said last. */
export interface AgentAges {
  readonly live: number;
  readonly stale: number;
  readonly silent: number;
  /** Without an agent that ever reported. */
  readonly missing: number;
}

/** How old it is what an overview is made from. */
export interface Freshness {
  /** Absent where Slurm is not followed. */
  readonly squeue?: SourceAge;
  /** Asked only for jobs that have left the queue, so that its age alone says nothing. */
  readonly sacct?: SourceAge;
  readonly agents: AgentAges;
}

/** What is known of the programs that follow Slurm. */
export interface Following {
  readonly states: ReadonlyMap<string, CommandState>;
  /** Between two polls of a quick Slurm. */
  readonly intervalMs: number;
}

/** A report or poll of this age is live, or of four intervals. */
const LIVE_MS = 60_000;
const LIVE_INTERVALS = 4;
/** A poll may rest for 19 times as long as it takes (slurm/follow/pace.ts). */
const REST_FACTOR = 25;

/** Judges the age of what squeue and sacct said. */
export function sourceAges({ states, intervalMs }: Following, nowMs: number): Omit<Freshness, 'agents'> {
  const squeue = states.get('squeue');
  const sacct = states.get('sacct');
  const longestMs = Math.max(
    LIVE_MS,
    LIVE_INTERVALS * intervalMs,
    REST_FACTOR * (squeue?.lastDurationMs ?? 0),
  );
  const isOld = squeue?.lastSuccessMs === undefined || nowMs - squeue.lastSuccessMs > longestMs;
  return {
    squeue: ageOf(squeue, isOld),
    ...(sacct && { sacct: ageOf(sacct, sacct.isFailing === true) }),
  };
}

const ageOf = (state: CommandState | undefined, isStale: boolean): SourceAge => ({
  ...(state?.lastSuccessMs !== undefined && { lastMs: state.lastSuccessMs }),
  isStale,
});

/** Counts the nodes of running jobs that `isShown` lets through by the age of their agents' words. */
export function agentCollector(nowMs: number, isShown: (job: OwnedJob) => boolean = () => true) {
  const ages = { live: 0, stale: 0, silent: 0, missing: 0 };
  return {
    addNode({ jobs, agent }: NodeNow): void {
      if (jobs.some(isShown)) ages[agent ? ageOfAgent(agent, nowMs) : 'missing']++;
    },
    ages: (): AgentAges => ({ ...ages }),
  };
}

function ageOfAgent({ receivedMs, isSilent, intervalMs }: AgentNow, nowMs: number): keyof AgentAges {
  if (isSilent) return 'silent';
  return nowMs - receivedMs > Math.max(LIVE_MS, LIVE_INTERVALS * intervalMs) ? 'stale' : 'live';
}
