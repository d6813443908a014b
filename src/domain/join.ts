import type { Allocation } from './detail.ts';
import { hasEnded } from './job.ts';
import { GATHERED_FIELDS, type Run, sluidsOf } from './run.ts';
import {
  compareVerdicts,
  FIELDS,
  type Field,
  type Origin,
  type Provenance,
  trustIn,
  VERDICT_FIELDS,
} from './trust.ts';

/**
 * Merges two accounts of one run; the order in which they came does not matter, and merging one twice changes
 * nothing. Each field comes from the more trusted account, or from the newer of two that are trusted alike;
 * the verdict comes from one account as a whole. Exceptions are documented at `chooseAccount`.
 */
export function joinRuns(known: Run, added: Run): Run {
  const later = added.provenance.verdictMs >= known.provenance.verdictMs ? added : known;
  const gathered = gather(known, added);
  const judge = chooseVerdict(known, added, later);
  const joined: Record<string, unknown> = { ...gathered };
  const fields = joinFields(joined, { known, added, later, resizedMs: gathered.resizedMs });
  for (const field of VERDICT_FIELDS) if (judge[field] !== undefined) joined[field] = judge[field];
  // A state of a newer Slurm that this version cannot interpret: its word is shown, the state stays.
  if (later.provenance.verdict === 'none' && !hasEnded(judge.state) && later.rawState !== undefined)
    joined.rawState = later.rawState;
  const allocations = joinAllocations(known.allocations, added.allocations, {
    // Nodes that a resized run gave back are no longer the job's.
    nodes: gathered.resizedMs === undefined ? undefined : (joined.nodes as Run['nodes']),
  });
  if (allocations) joined.allocations = allocations;
  const { verdict, verdictMs } = judge.provenance;
  return { ...joined, provenance: { fields, verdict, verdictMs } } as Run;
}

/** Chooses the more trusted verdict, of two trusted alike the newer. */
function chooseVerdict(known: Run, added: Run, later: Run): Run {
  const difference = compareVerdicts(added.provenance.verdict, known.provenance.verdict);
  if (difference === 0) return later;
  return difference > 0 ? added : known;
}

interface Accounts {
  readonly known: Run;
  readonly added: Run;
  readonly later: Run;
  readonly resizedMs: readonly number[] | undefined;
}

/**
 * Adds each of FIELDS to `joined` and returns their origins.
 * A loop, because an import joins millions of runs.
 */
function joinFields(joined: Record<string, unknown>, accounts: Accounts): Provenance['fields'] {
  const { known, added } = accounts;
  const origins: Partial<Record<Field, Origin>> = {};
  for (const field of FIELDS) {
    if (known[field] === undefined && added[field] === undefined) continue;
    const account = chooseAccount(field, accounts);
    if (account[field] === undefined) continue;
    joined[field] = account[field];
    const origin = account.provenance.fields[field];
    if (origin !== undefined) origins[field] = origin;
  }
  return origins;
}

/**
 * Chooses the account that a field is taken from: the more trusted one, else the newer one. Of two starts by
 * hooks' clocks the earlier is right, of two suspended times the longer. Accounting gives the later part of a
 * resized run the moment of the resize as its start and submission: these give way to any other time.
 */
function chooseAccount(field: Field, accounts: Accounts): Run {
  const { known, added, later } = accounts;
  if (field === 'startTimeMs' || field === 'submitTimeMs') {
    const real = chooseRealTime(field, accounts);
    if (real) return real;
  }
  const trust = trustIn(field, known.provenance.fields[field]);
  const addedTrust = trustIn(field, added.provenance.fields[field]);
  if (trust !== addedTrust) return trust > addedTrust ? known : added;
  if (field === 'startTimeMs') return earlier(known, added);
  if (field === 'suspendedSeconds')
    return (known.suspendedSeconds ?? 0) > (added.suspendedSeconds ?? 0) ? known : added;
  return later;
}

/** Returns the account whose time is not that of a resize, if only the other's is. */
function chooseRealTime(
  field: 'startTimeMs' | 'submitTimeMs',
  { known, added, resizedMs }: Accounts,
): Run | undefined {
  if (!resizedMs || known[field] === undefined || added[field] === undefined) return undefined;
  const isResize = resizedMs.includes(known[field]);
  if (isResize === resizedMs.includes(added[field])) return undefined;
  return isResize ? added : known;
}

const earlier = (one: Run, other: Run): Run =>
  (one.startTimeMs ?? Infinity) <= (other.startTimeMs ?? Infinity) ? one : other;

/** Resizes stored of one run; a job can be resized as often as it has nodes. */
const MAX_RESIZES = 100;

type Gathered = Pick<Run, (typeof GATHERED_FIELDS)[number]>;

/**
 * Unites the SLUIDs and the resizes of both. A SLUID begins with a time, so the first one is that of the
 * whole run.
 */
function gather(known: Run, added: Run): Gathered {
  if (hasNothingToGather(known, added)) return pickGathered(known);
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

/** Returns true for nearly every report. */
const hasNothingToGather = (known: Run, added: Run): boolean =>
  (added.sluid === undefined || added.sluid === known.sluid) && !added.otherSluids && !added.resizedMs;

function pickGathered(run: Run): Gathered {
  const gathered: Record<string, unknown> = {};
  for (const field of GATHERED_FIELDS) if (run[field] !== undefined) gathered[field] = run[field];
  return gathered;
}

/** Merges allocations node by node, in the order of node names: each node's hook knows its own GPUs. */
function joinAllocations(
  known: readonly Allocation[] | undefined,
  added: readonly Allocation[] | undefined,
  { nodes }: { nodes: readonly string[] | undefined },
): readonly Allocation[] | undefined {
  const joined = known && added ? joinByNode(known, added) : (known ?? added);
  if (!joined || !nodes) return joined;
  const left = new Set(nodes);
  const rest = joined.filter(({ node }) => left.has(node));
  return rest.length > 0 ? rest : undefined;
}

function joinByNode(known: readonly Allocation[], added: readonly Allocation[]): readonly Allocation[] {
  const byNode = new Map(known.map((allocation) => [allocation.node, allocation]));
  for (const allocation of added) {
    byNode.set(allocation.node, { ...byNode.get(allocation.node), ...allocation });
  }
  return [...byNode.values()].sort((one, other) => (one.node < other.node ? -1 : 1));
}
