import { type Allocation, type JobDetails, MERGED_DETAILS } from './detail.ts';
import { hasEnded, type JobState } from './job.ts';
import type { Report, Source } from './report.ts';

/** What one source may say better than another, apart from how the run stands. */
const FIELDS = ['user', 'nodes', 'startTimeMs', ...MERGED_DETAILS.map(({ key }) => key)] as const;
export type Field = (typeof FIELDS)[number];

/** What an account may add to another, and never takes from it. */
const GATHERED = ['sluid', 'otherSluids', 'resizedMs'] as const;

/** How the run stands: these come from one source together, because half of one verdict does not fit half of another. */
const STANDING = ['state', 'endTimeMs', 'exitCode', 'signal', 'rawState', 'reason'] as const;

/** What a run has of a report as it is, beside the fields. */
const TAKEN_OVER = [...STANDING, ...GATHERED, 'allocations'] as const;

/** How far a source is believed in a field; 0: nobody has said it. */
const RANK: Record<Source, number> = { api: 1, absence: 1, squeue: 2, hook: 3, sacct: 4, jobcomp: 5 };
/** The size of a job may change while it runs: of squeue and the hooks the one that looked last is right. */
const SIZE_RANK: Record<Source, number> = { ...RANK, squeue: RANK.hook };
const SIZES: ReadonlySet<Field> = new Set(['nodes', 'cpus', 'memoryLimitMb', 'gpus']);
/** A hook's own clock is some moments late: any time of Slurm's is better. */
const ROUGH_RANK = 1;

/**
 * How far a source is believed in how a run stands: a run only moves on, so an end outweighs whatever came before it. The
 * numbers are kept on disk, and indexes name them: 2 to 5 is what Slurm may have more to say of, 6 and more is confirmed.
 */
const STANDING_RANK = {
  pending: { api: 1, absence: 1, squeue: 2, hook: 2, sacct: 2, jobcomp: 2 },
  running: { api: 1, absence: 1, squeue: 3, hook: 3, sacct: 3, jobcomp: 3 },
  // The exit code is all that a hook sees of an end; squeue has Slurm's own word for some minutes, then sacct.
  ended: { api: 1, absence: 4, hook: 5, squeue: 6, sacct: 7, jobcomp: 8 },
} as const satisfies Record<string, Record<Source, number>>;

/** How far what is known of each field is believed; a field that nobody has said is absent. */
export type Ranks = Readonly<Partial<Record<Field, number>>>;

/** From where what is known of a run comes: as much as a later report has to be compared with. */
export interface Provenance {
  /** The rank of each field that somebody has said. */
  readonly fields: Ranks;
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
  fields: Object.fromEntries(FIELDS.map((field) => [field, RANK.api])),
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

/** What changes with every look at a run, or means nothing to people: no news. */
const QUIET: readonly (keyof Run)[] = ['suspendedSeconds', 'otherSluids', 'resizedMs'];
const NEWS = ([...FIELDS, ...STANDING, 'allocations', 'sluid'] satisfies (keyof Run)[]).filter(
  (key) => !QUIET.includes(key),
);

/** What is new of a run after a report: each such field as it is now, null where it is no longer known. */
export const diffRuns = (before: Run | undefined, after: Run): Partial<Record<keyof Run, unknown>> =>
  diffKeys(before, after, NEWS);

/** What events tell of a run. */
export function withoutQuiet(run: Run): Run {
  const { suspendedSeconds: _s, otherSluids: _o, resizedMs: _r, ...rest } = run;
  return rest;
}

/** Whether something is different in a run after a report that is no news. */
export const isChangedQuietly = (before: Run | undefined, after: Run): boolean =>
  Object.keys(diffKeys(before, after, QUIET)).length > 0;

function diffKeys(
  before: Run | undefined,
  after: Run,
  keys: readonly (keyof Run)[],
): Partial<Record<keyof Run, unknown>> {
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
export const isStartRough = ({ provenance }: Run): boolean => provenance.fields.startTimeMs === ROUGH_RANK;

/** All SLUIDs of a run: none where Slurm has none. */
export const sluidsOf = ({
  sluid,
  otherSluids = [],
}: Pick<Run, 'sluid' | 'otherSluids'>): readonly string[] =>
  sluid === undefined ? otherSluids : [sluid, ...otherSluids];

/** The run of which nothing is known but one report. */
export function runOf(report: Report): Run {
  const { source, observedMs, state, isStartRough = false } = report;
  const phase = state === undefined ? undefined : hasEnded(state) ? 'ended' : state;
  const rankOf = (field: Field): number => {
    if (field === 'startTimeMs' && isStartRough) return ROUGH_RANK;
    return (SIZES.has(field) ? SIZE_RANK : RANK)[source];
  };
  const run: Record<string, unknown> = { state: state ?? 'pending' };
  const ranks: Record<string, number> = {};
  for (const field of FIELDS) {
    if (report[field] === undefined) continue;
    run[field] = report[field];
    ranks[field] = rankOf(field);
  }
  for (const key of TAKEN_OVER) if (report[key] !== undefined) run[key] = report[key];
  if (phase === 'ended') run.endTimeMs = report.endTimeMs ?? observedMs;
  // A word of a newer Slurm says no state: the one known before stands.
  const standing = phase === undefined ? 0 : STANDING_RANK[phase as 'pending' | 'running' | 'ended'][source];
  return { ...run, provenance: { fields: ranks, standing, standingMs: observedMs } } as Run;
}

/**
 * What two accounts of one run come to, whichever came first: each field as the more trusted one has it, of two
 * equally trusted the newer; of two starts that hooks saw the earlier, of two suspended times the longer. Accounting takes a change
 * of the size for a start and a submission: these give way to the real ones. An account joined twice changes nothing.
 */
export function joinRuns(known: Run, added: Run): Run {
  const later = added.provenance.standingMs >= known.provenance.standingMs ? added : known;
  const gathered = gather(known, added);
  const accounts = { known, added, later, resizedMs: gathered.resizedMs };
  const standing = standingOf(known, added, later);
  // Loops, because an import joins millions.
  const joined: Record<string, unknown> = { ...gathered };
  const ranks: Record<string, number> = {};
  for (const field of FIELDS) {
    if (known[field] === undefined && added[field] === undefined) continue;
    const source = sourceOf(field, accounts);
    if (source[field] === undefined) continue;
    joined[field] = source[field];
    ranks[field] = source.provenance.fields[field] ?? 0;
  }
  for (const key of STANDING) if (standing[key] !== undefined) joined[key] = standing[key];
  if (later.provenance.standing === 0 && !hasEnded(standing.state) && later.rawState !== undefined)
    joined.rawState = later.rawState;
  const allocations = joinAllocations(known.allocations, added.allocations, {
    // Nodes that were given back are none of the job's.
    nodes: gathered.resizedMs === undefined ? undefined : (joined.nodes as Run['nodes']),
  });
  if (allocations) joined.allocations = allocations;
  const { standing: rank, standingMs } = standing.provenance;
  return { ...joined, provenance: { fields: ranks, standing: rank, standingMs } } as Run;
}

/** Whether an account has nothing to add, as is nearly always so. */
const isGathered = (known: Run, added: Run): boolean =>
  (added.sluid === undefined || added.sluid === known.sluid) && !added.otherSluids && !added.resizedMs;

function pickGathered({ sluid, otherSluids, resizedMs }: Run): Pick<Run, (typeof GATHERED)[number]> {
  return {
    ...(sluid !== undefined && { sluid }),
    ...(otherSluids && { otherSluids }),
    ...(resizedMs && { resizedMs }),
  };
}

interface Accounts {
  readonly known: Run;
  readonly added: Run;
  readonly later: Run;
  readonly resizedMs: readonly number[] | undefined;
}

/** The account that is believed in a field. */
function sourceOf(field: Field, { known, added, later, resizedMs = [] }: Accounts): Run {
  const real = field === 'startTimeMs' || field === 'submitTimeMs' ? realTime(field) : undefined;
  if (real) return real;
  const rankOf = ({ provenance }: Run) => provenance.fields[field] ?? 0;
  if (rankOf(known) !== rankOf(added)) return rankOf(known) > rankOf(added) ? known : added;
  if (field === 'startTimeMs') return earlier(known, added);
  if (field === 'suspendedSeconds')
    return (known.suspendedSeconds ?? 0) > (added.suspendedSeconds ?? 0) ? known : added;
  return later;

  /** The account whose time is not that of a change of the size, where only one has such. */
  function realTime(field: 'startTimeMs' | 'submitTimeMs'): Run | undefined {
    const given = [known, added].filter((run) => run[field] !== undefined);
    const real = given.filter((run) => !resizedMs.includes(run[field]!));
    return given.length === 2 && real.length === 1 ? real[0] : undefined;
  }
}

/** A job can change its size as often as it has nodes. */
const MAX_RESIZES = 100;

/** The SLUIDs and the changes of size of both. SLUIDs begin with a time: the first is that of the run. */
function gather(known: Run, added: Run): Pick<Run, (typeof GATHERED)[number]> {
  if (isGathered(known, added)) return pickGathered(known);
  const [sluid, ...others] = [...new Set([...sluidsOf(known), ...sluidsOf(added)])].sort();
  const resizedMs = [...new Set([...(known.resizedMs ?? []), ...(added.resizedMs ?? [])])].sort(
    (one, other) => one - other,
  );
  return {
    ...(sluid !== undefined && { sluid }),
    ...(others.length > 0 && { otherSluids: others.slice(-MAX_RESIZES) }),
    ...((known.resizedMs ?? added.resizedMs) && { resizedMs: resizedMs.slice(-MAX_RESIZES) }),
  };
}

function standingOf(known: Run, added: Run, later: Run): Run {
  const difference = added.provenance.standing - known.provenance.standing;
  return difference === 0 ? later : difference > 0 ? added : known;
}

const earlier = (one: Run, other: Run): Run =>
  (one.startTimeMs ?? Infinity) <= (other.startTimeMs ?? Infinity) ? one : other;

/** Node by node, in the order of the names: a node's GPUs are known by its own hook, its share by others. */
function joinAllocations(
  known: readonly Allocation[] | undefined,
  added: readonly Allocation[] | undefined,
  { nodes }: { nodes: readonly string[] | undefined },
): readonly Allocation[] | undefined {
  const joined = known && added ? joinByNode(known, added) : (known ?? added);
  if (!joined || !nodes) return joined;
  const left = new Set(nodes);
  const kept = joined.filter(({ node }) => left.has(node));
  return kept.length > 0 ? kept : undefined;
}

function joinByNode(known: readonly Allocation[], added: readonly Allocation[]): readonly Allocation[] {
  const byNode = new Map(known.map((allocation) => [allocation.node, allocation]));
  for (const allocation of added) {
    byNode.set(allocation.node, { ...byNode.get(allocation.node), ...allocation });
  }
  return [...byNode.values()].sort((one, other) => (one.node < other.node ? -1 : 1));
}
