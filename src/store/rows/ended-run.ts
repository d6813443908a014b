import type { Allocation } from '../../domain/detail.ts';
import { hasEnded } from '../../domain/job.ts';
import type { Run } from '../../domain/run.ts';
import type { EndedRun, MeasuredNode } from '../../domain/tally/contribution.ts';
import { contributionOn } from '../../domain/tally/on-node.ts';
import { hourOf } from '../../domain/tally/spans.ts';
import type { Tally } from '../../domain/tally/tally.ts';
import { stateName } from './states.ts';
import type { TallyKey } from './tally.ts';

/**
 * Nodes whose samples are read, in a millisecond; the others of a larger run count as not measured, and the
 * run is not tallied by node.
 */
export const MAX_NODES = 1000;
/** The account or partition of a run that has none. */
export const NONE = 0;

/** A run that has ended, and what it is tallied by. */
export interface FoundEnd {
  /** Numbers names; called last, because a failure would roll new numbers back. */
  readonly key: () => TallyKey;
  readonly run: EndedRun;
  /** Returns what it adds to each of its nodes; nothing for a run on more than MAX_NODES. */
  readonly onNodes: (measured: readonly NodeSamples[]) => Map<number, Tally>;
}

/** A series of samples with the number of its node. */
export type NodeSamples = MeasuredNode & { readonly node: number };

/** A row of `job` and `detail`; labels are numbers. */
export interface JobEnd {
  readonly user: number;
  readonly account: number;
  readonly partition: number;
  readonly state: number;
  readonly start: number | null;
  readonly end: number;
  readonly nodes: number;
  readonly rawState: string | null;
  readonly submitted: number | null;
  readonly suspended: number | null;
  readonly cpus: number | null;
  readonly gpus: number | null;
  readonly memory: number | null;
  readonly energy: number | null;
  readonly allocations: string | null;
}

/** Number the names of users, nodes and labels. */
export interface NameNumbers {
  readonly numberUser: (name: string) => number;
  readonly numberNode: (name: string) => number;
  readonly numberLabel: (name: string) => number;
}

/** Reads an earlier run; undefined if it has not ended. */
export function readPastEnd(text: string, names: NameNumbers): FoundEnd | undefined {
  const { user, account, partition, nodes = [], ...run } = JSON.parse(text) as Run;
  if (user === undefined || run.endTimeMs === undefined || !hasEnded(run.state)) return undefined;
  const hour = hourOf(run.endTimeMs);
  const key = () => ({
    user: names.numberUser(user),
    account: account === undefined ? NONE : names.numberLabel(account),
    partition: partition === undefined ? NONE : names.numberLabel(partition),
    hour,
  });
  const ended = { ...run, endTimeMs: run.endTimeMs, nodes: nodes.length };
  return {
    key,
    run: ended,
    onNodes: divider(ended, names, () => nodes.map(names.numberNode), run.allocations),
  };
}

/** Reads the latest run of a job, which has ended. `readNodes` is called for a run on at most MAX_NODES. */
export function readJobEnd(
  { user, account, partition, state, end, ...row }: JobEnd,
  names: NameNumbers,
  readNodes: () => readonly number[],
): FoundEnd {
  const run = {
    state: stateName(state),
    rawState: row.rawState ?? undefined,
    startTimeMs: row.start ?? undefined,
    endTimeMs: end,
    submitTimeMs: row.submitted ?? undefined,
    suspendedSeconds: row.suspended ?? undefined,
    nodes: row.nodes,
    cpus: row.cpus ?? undefined,
    gpus: row.gpus ?? undefined,
    memoryLimitMb: row.memory ?? undefined,
    energyJoules: row.energy ?? undefined,
  };
  return {
    key: () => ({ user, account, partition, hour: hourOf(end) }),
    run,
    onNodes: divider(run, names, readNodes, readAllocations(row.allocations)),
  };
}

/** Reads the allocations of a row of `detail`. */
export const readAllocations = (text: string | null): Allocation[] | undefined =>
  text ? (JSON.parse(text) as Allocation[]) : undefined;

/** Returns the function that divides a run by node. */
function divider(
  run: EndedRun,
  { numberNode }: NameNumbers,
  readNodes: () => readonly number[],
  allocations: readonly Allocation[] = [],
): FoundEnd['onNodes'] {
  return (measured) => {
    if (run.nodes > MAX_NODES) return new Map();
    const samples = Map.groupBy(measured, ({ node }) => node);
    const given = new Map(allocations.map((one) => [numberNode(one.node), one]));
    return new Map(
      readNodes().map((node) => [node, contributionOn(run, samples.get(node), given.get(node))]),
    );
  };
}
