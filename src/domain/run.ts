import type { Allocation, JobDetails } from './detail.ts';
import { hasEnded, type JobState } from './job.ts';
import type { Report, Source } from './report.ts';

/** What one source may say better than another, apart from how the run stands. */
const FIELDS = [
  'user',
  'nodes',
  'startTimeMs',
  'name',
  'account',
  'partition',
  'qos',
  'cluster',
  'submitTimeMs',
  'timeLimitSeconds',
  'cpus',
  'memoryLimitMb',
  'gpus',
  'workDir',
  'arrayJobId',
  'arrayTaskId',
  'restarts',
] as const;

/** How the run stands: these come from one source together, because half of one verdict does not fit half of another. */
const STANDING = ['state', 'endTimeMs', 'exitCode', 'signal', 'rawState', 'reason'] as const;

/** How far a source is believed in a field; 0: nobody has said it. */
const RANK: Record<Source, number> = { api: 1, absence: 1, squeue: 2, hook: 3, sacct: 4, jobcomp: 5 };
/** A hook's own clock is some moments late: any time of Slurm's is better. */
const ROUGH_RANK = 1;

/** How far a source is believed in how a run stands: a run only moves on, so an end outweighs whatever came before it. */
const STANDING_RANK = {
  pending: { api: 1, absence: 1, squeue: 2, hook: 2, sacct: 2, jobcomp: 2 },
  running: { api: 1, absence: 1, squeue: 3, hook: 3, sacct: 3, jobcomp: 3 },
  // The exit code is all that a hook sees of an end; squeue has Slurm's own word for some minutes, then sacct.
  ended: { api: 1, absence: 4, hook: 5, squeue: 6, sacct: 7, jobcomp: 8 },
} as const satisfies Record<string, Record<Source, number>>;

/** From where what is known of a run comes: as much as a later report has to be compared with. */
export interface Provenance {
  /** The rank of each of FIELDS, a digit each. */
  readonly fields: string;
  readonly standing: number;
  /** When the source of the standing looked. */
  readonly standingMs: number;
}

/** One execution of a job: what all its reports come to. Times in milliseconds since 1970. */
export interface Run extends JobDetails {
  readonly user?: string;
  /** Absent while the scheduler has assigned none. */
  readonly nodes?: readonly string[];
  readonly state: JobState;
  readonly startTimeMs?: number;
  readonly endTimeMs?: number;
  readonly provenance: Provenance;
}

/** Known by the API alone: no scheduler has said anything of it. */
export const NOT_REPORTED: Provenance = {
  fields: String(RANK.api).repeat(FIELDS.length),
  standing: STANDING_RANK.running.api,
  standingMs: 0,
};

/** A run that a later one followed has ended, even if nobody saw how. */
export function closeRun(run: Run, next: Run): Run {
  if (hasEnded(run.state)) return run;
  const { startTimeMs = 0 } = run;
  const endTimeMs = Math.max(
    startTimeMs,
    next.startTimeMs ?? next.submitTimeMs ?? next.provenance.standingMs,
  );
  return { ...run, state: 'failed', endTimeMs, reason: 'The job ran again; nobody saw the end of this run.' };
}

/** What is different in a run after a report: each such field as it is now, null where it is no longer known. */
export function diffRuns(before: Run | undefined, after: Run): Partial<Record<keyof Run, unknown>> {
  const keys = [...FIELDS, ...STANDING, 'allocations'] as const;
  const changed = keys.filter((key) => !isSame(before?.[key], after[key]));
  return Object.fromEntries(changed.map((key) => [key, after[key] ?? null]));
}

const isSame = (one: unknown, other: unknown): boolean =>
  one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));

/** Whether a scheduler has said anything of the run. */
export const isReported = ({ provenance }: Pick<Run, 'provenance'>): boolean =>
  provenance.standing !== NOT_REPORTED.standing;

/** Whether the end of a run is Slurm's own word, and not a guess from an exit code or from its absence. */
export const isConfirmed = ({ provenance }: Pick<Run, 'provenance'>): boolean =>
  provenance.standing >= STANDING_RANK.ended.squeue;

/** Whether the start of a run is a hook's own clock. */
export const isStartRough = ({ provenance }: Run): boolean =>
  provenance.fields[FIELDS.indexOf('startTimeMs')] === String(ROUGH_RANK);

/** The run of which nothing is known but one report. */
export function runOf(report: Report): Run {
  const { source, observedMs, state, allocations, isStartRough = false } = report;
  const phase = state === undefined ? undefined : hasEnded(state) ? 'ended' : state;
  const rankOf = (field: (typeof FIELDS)[number]): number => {
    if (report[field] === undefined) return 0;
    return field === 'startTimeMs' && isStartRough ? ROUGH_RANK : RANK[source];
  };
  const said = [...FIELDS, ...STANDING].filter((key) => report[key] !== undefined);
  return {
    ...(Object.fromEntries(said.map((key) => [key, report[key]])) as Partial<Run>),
    ...(allocations && { allocations }),
    state: state ?? 'pending',
    ...(phase === 'ended' && { endTimeMs: report.endTimeMs ?? observedMs }),
    provenance: {
      fields: FIELDS.map(rankOf).join(''),
      // A word of a newer Slurm says no state: the one known before stands.
      standing: phase === undefined ? 0 : STANDING_RANK[phase as 'pending' | 'running' | 'ended'][source],
      standingMs: observedMs,
    },
  };
}

/**
 * What two accounts of one run come to, whichever came first: each field as the more trusted one has it, of two
 * equally trusted the newer; of two starts that hooks saw the earlier. An account joined twice changes nothing.
 */
export function joinRuns(known: Run, added: Run): Run {
  const later = added.provenance.standingMs >= known.provenance.standingMs ? added : known;
  const fields = FIELDS.map((field, index) => {
    const [one, other] = [known, added].map((run) => Number(run.provenance.fields[index] ?? 0)) as [
      number,
      number,
    ];
    const isTie = one === other;
    const first = field === 'startTimeMs' && isTie ? earlier(known, added) : later;
    const source = isTie ? first : one > other ? known : added;
    return { field, value: source[field], rank: Math.max(one, other) };
  });
  const standing = standingOf(known, added, later);
  const unknownWord =
    later.provenance.standing === 0 && !hasEnded(standing.state) ? later.rawState : undefined;
  const allocations = joinAllocations(known.allocations, added.allocations);
  return {
    ...(defined([
      ...fields.map(({ field, value }) => [field, value]),
      ...STANDING.map((key) => [key, standing[key]]),
    ]) as unknown as Run),
    ...(unknownWord !== undefined && { rawState: unknownWord }),
    ...(allocations && { allocations }),
    provenance: {
      fields: fields.map(({ rank }) => rank).join(''),
      standing: standing.provenance.standing,
      standingMs: standing.provenance.standingMs,
    },
  };
}

function standingOf(known: Run, added: Run, later: Run): Run {
  const difference = added.provenance.standing - known.provenance.standing;
  return difference === 0 ? later : difference > 0 ? added : known;
}

const earlier = (one: Run, other: Run): Run =>
  (one.startTimeMs ?? Infinity) <= (other.startTimeMs ?? Infinity) ? one : other;

const defined = (entries: readonly (readonly [string, unknown] | unknown[])[]) =>
  Object.fromEntries(entries.filter(([, value]) => value !== undefined) as [string, unknown][]);

/** Node by node, in the order of the names: a node's GPUs are known by its own hook, its share by others. */
function joinAllocations(
  known: readonly Allocation[] | undefined,
  added: readonly Allocation[] | undefined,
): readonly Allocation[] | undefined {
  if (!known || !added) return known ?? added;
  const byNode = new Map(known.map((allocation) => [allocation.node, allocation]));
  for (const allocation of added) {
    byNode.set(allocation.node, { ...byNode.get(allocation.node), ...allocation });
  }
  return [...byNode.values()].sort((one, other) => (one.node < other.node ? -1 : 1));
}
