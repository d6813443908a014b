import type { Database } from 'bun:sqlite';
import type { Allocation } from '../../../domain/detail.ts';
import { hasEnded } from '../../../domain/job.ts';
import type { Run } from '../../../domain/run.ts';
import type { EndedRun, MeasuredNode } from '../../../domain/tally/contribution.ts';
import { contributionOn } from '../../../domain/tally/on-node.ts';
import { hourOf } from '../../../domain/tally/spans.ts';
import type { Tally } from '../../../domain/tally/tally.ts';
import { FIRST_ENDED, stateName } from '../jobs/states.ts';
import { readTotals } from '../samples/measure-totals.ts';
import { SELECT_SEALED, type SealedRow } from '../samples/totals.ts';
import type { TallyKey } from './sums.ts';

/**
 * Nodes whose samples are read, in a millisecond; the others of a larger run count as not measured, and the
 * run is not tallied by node.
 */
const MAX_NODES = 1000;
/** The account or partition of a run that has none. */
const NONE = 0;

/** A run that has ended, and what it is tallied by. */
export interface FoundEnd {
  /** Numbers names; called last, because a failure would roll new numbers back. */
  readonly key: () => TallyKey;
  readonly run: EndedRun;
  /** Returns what it adds to each of its nodes; nothing for a run on more than MAX_NODES. */
  readonly onNodes: (measured: readonly NodeSamples[]) => Map<number, Tally>;
}

/** A series of samples with the number of its node. */
type NodeSamples = MeasuredNode & { readonly node: number };

interface JobEnd {
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

interface Numbers {
  readonly numberUser: (name: string) => number;
  readonly numberNode: (name: string) => number;
  readonly numberLabel: (name: string) => number;
}

/** Reads runs that have ended, by the number of their samples. */
export function endedRunReader(db: Database, { numberUser, numberNode, numberLabel }: Numbers) {
  const selectJob = db.query<JobEnd, [number]>(
    `SELECT job.user, ifnull(detail.account, ${NONE}) AS account, ifnull(detail.partition, ${NONE}) AS partition, job.state,
            iif(job.started, job.start_time, NULL) AS start, job.end_time AS end,
            (SELECT count(*) FROM job_node WHERE job = job.seq) AS nodes, raw_state AS rawState, submit_time AS submitted,
            detail.suspended, cpus, gpus, memory_limit AS memory, energy, allocations
       FROM job LEFT JOIN detail ON detail.job = job.seq WHERE job.seq = ? AND job.state >= ${FIRST_ENDED}`,
  );
  const selectNodes = db.query<{ node: number }, [number]>('SELECT node FROM job_node WHERE job = ?');
  const selectPast = db.query<{ run: string }, [number]>('SELECT run FROM past_run WHERE seq = ?');
  const selectSealed = db.query<SealedRow, [number]>(`${SELECT_SEALED} LIMIT ${MAX_NODES}`);

  function findPast(seq: number): FoundEnd | undefined {
    const row = selectPast.get(seq);
    if (!row) return undefined;
    const { user, account, partition, nodes = [], ...run } = JSON.parse(row.run) as Run;
    if (user === undefined || run.endTimeMs === undefined || !hasEnded(run.state)) return undefined;
    const hour = hourOf(run.endTimeMs);
    const key = () => ({
      user: numberUser(user),
      account: account === undefined ? NONE : numberLabel(account),
      partition: partition === undefined ? NONE : numberLabel(partition),
      hour,
    });
    const ended = { ...run, endTimeMs: run.endTimeMs, nodes: nodes.length };
    return {
      key,
      run: ended,
      onNodes: divider(ended, () => nodes.map(numberNode), run.allocations),
    };
  }

  function readJob(seq: number, { user, account, partition, state, end, ...row }: JobEnd): FoundEnd {
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
    const allocations = row.allocations ? (JSON.parse(row.allocations) as Allocation[]) : undefined;
    return {
      key: () => ({ user, account, partition, hour: hourOf(end) }),
      run,
      onNodes: divider(run, () => selectNodes.all(seq).map(({ node }) => node), allocations),
    };
  }

  /** Returns the function that divides a run by node. */
  function divider(
    run: EndedRun,
    readNumbers: () => readonly number[],
    allocations: readonly Allocation[] = [],
  ): FoundEnd['onNodes'] {
    return (measured) => {
      if (run.nodes > MAX_NODES) return new Map();
      const samples = Map.groupBy(measured, ({ node }) => node);
      const given = new Map(allocations.map((one) => [numberNode(one.node), one]));
      return new Map(
        readNumbers().map((node) => [node, contributionOn(run, samples.get(node), given.get(node))]),
      );
    };
  }

  return {
    /** Returns the run if it has ended; undefined also if there is no such run. */
    find(seq: number): FoundEnd | undefined {
      const job = selectJob.get(seq);
      return job ? readJob(seq, job) : findPast(seq);
    },

    /** Reads the sealed samples of a run, a row for each series. */
    readNodes: (seq: number): NodeSamples[] =>
      selectSealed.all(seq).map(({ data, ...totals }) => ({ ...totals, measures: readTotals(data) ?? [] })),
  };
}
