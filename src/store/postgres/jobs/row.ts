import type { JobLife } from '../../../domain/job.ts';
import type { Detail } from '../../../domain/run.ts';
import type { Counted } from '../../rows/counts.ts';
import { labelsOf } from '../../rows/details.ts';
import {
  type InsertedJob,
  type JobFields,
  lifeOf,
  NO_NODE,
  NO_PARTITION,
  suspendedOf,
} from '../../rows/job.ts';
import { FIRST_ENDED } from '../../rows/states.ts';
import { bulkInserter, type Column } from '../sql/insert.ts';
import type { NameNumberers } from '../sql/names.ts';
import type { Writing } from '../sql/queries.ts';
import { accountUserWriter, NO_ACCOUNT } from './accounts.ts';
import { jobCounter } from './counts.ts';
import { detailWriter } from './details.ts';
import { deleteJob } from './leave.ts';
import { throughputWriter } from './throughput.ts';

/** What is to be done about the tallies of runs whose rows are written. */
export interface RunTallies {
  /** To be called whenever a run ended, or one that has ended changed. */
  mark(runs: readonly number[]): void;
  /** To be called before a job is deleted: its runs stay in the tallies. */
  settleDeleted(seq: number): Promise<void>;
  /** To be called for a run that turned out to be part of another one. */
  join(run: number): Promise<void>;
}

type CountedRow = Omit<Counted, 'nodes'> & { readonly start_time: number };

const JOB_COLUMNS: readonly Column[] = [
  ['seq', 'bigint'],
  ['id', 'text'],
  ['user', 'integer'],
  ['first_node', 'integer'],
  ['state', 'smallint'],
  ['start_time', 'bigint'],
  ['started', 'smallint'],
  ['end_time', 'bigint'],
  ['suspended', 'bigint'],
];
const NODE_COLUMNS: readonly Column[] = [
  ['job', 'bigint'],
  ['node', 'integer'],
  ['position', 'integer'],
  ['user', 'integer'],
  ['state', 'smallint'],
  ['start_time', 'bigint'],
];

/**
 * Writes all rows of `job`, `job_node` and `detail`, inside the transaction of the group. It also sums what
 * is counted of them, so that no way of writing a job can miss a count. Call `flush` before the commit,
 * `forget` after a rollback.
 */
export function jobRowWriter(db: Writing, names: NameNumberers, tallies: RunTallies) {
  const { numberUser, numberNode, numberLabel } = names;
  const counts = jobCounter(db);
  const throughput = throughputWriter(db, names);
  const writeDetails = detailWriter(db, numberLabel);
  const accountUsers = accountUserWriter(db);
  const insertJobs = bulkInserter(db, 'job', JOB_COLUMNS);
  const insertNodes = bulkInserter(db, 'job_node', NODE_COLUMNS);

  const findCounted = (seq: number) =>
    db.get<CountedRow>(
      `SELECT job.user, state, start_time, coalesce((SELECT partition FROM detail WHERE job = seq), ${NO_PARTITION}) AS partition
         FROM job WHERE seq = $1::bigint`,
      [seq],
    );

  async function nodesOf(seq: number): Promise<number[]> {
    const rows = await db.all<{ node: number }>('SELECT node FROM job_node WHERE job = $1::bigint', [seq]);
    return rows.map(({ node }) => node);
  }

  async function learn(
    jobs: readonly { user: string; nodes: readonly string[]; detail?: Detail | undefined }[],
  ) {
    await names.learnUsers(jobs.map(({ user }) => user));
    await names.learnNodes(jobs.flatMap(({ nodes }) => nodes));
    await names.learnLabels(jobs.flatMap(({ detail }) => (detail ? labelsOf(detail) : [])));
  }

  /** Returns numbers for new rows, which were never given before. */
  async function newSeqs(count: number): Promise<number[]> {
    if (count === 0) return [];
    const rows = await db.all<{ seq: number }>(
      "SELECT nextval('job_seq') AS seq FROM generate_series(1, $1::int)",
      [count],
    );
    return rows.map(({ seq }) => seq);
  }

  const nodeRows = (
    seq: number,
    nodes: readonly number[],
    { user, state }: Omit<Counted, 'nodes'>,
    startMs: number,
  ) => nodes.map((node, position) => [seq, node, position, user, state, startMs]);

  const partitionOf = (detail: Detail | undefined): number => {
    const partition = detail?.details.partition;
    return partition === undefined ? NO_PARTITION : numberLabel(partition);
  };
  const pairOf = (user: number, detail: Detail | undefined): [account: number, user: number] => {
    const account = detail?.details.account;
    return [account === undefined ? NO_ACCOUNT : numberLabel(account), user];
  };

  /** Writes the details of a user's job and returns the number of its partition. */
  function describe(seq: number, user: number, detail: Detail): number {
    writeDetails([[seq, detail]]);
    accountUsers.add([pairOf(user, detail)]);
    return partitionOf(detail);
  }

  /** Marks a run whose end is new or may have changed. */
  function markEnd(seq: number, ...states: number[]): void {
    if (states.some((state) => state >= FIRST_ENDED)) tallies.mark([seq]);
  }

  const updateNodes = (seq: number, { user, state, start_time }: CountedRow) =>
    db.send('UPDATE job_node SET "user" = $2, state = $3, start_time = $4 WHERE job = $1::bigint', [
      seq,
      user,
      state,
      start_time,
    ]);

  return {
    /**
     * Inserts jobs, and returns their numbers. `areNewJobs` is false if known jobs run again, because they
     * were counted before.
     */
    async insert(jobs: readonly InsertedJob[], { areNewJobs }: { areNewJobs: boolean }): Promise<number[]> {
      if (jobs.length === 0) return [];
      await learn(jobs);
      const fresh = await newSeqs(jobs.filter(({ seq }) => seq === undefined).length);
      const seqs = jobs.map(({ seq }) => seq ?? fresh.shift()!);
      const written = jobs.map(({ id, nodes, detail, ...fields }, place) => {
        const seq = seqs[place]!;
        const numbers = nodes.map(numberNode);
        const life = lifeOf(fields);
        const counted = { user: numberUser(fields.user), state: life[0], partition: partitionOf(detail) };
        counts.add({ ...counted, nodes: numbers }, 1);
        return {
          row: [seq, id, counted.user, numbers[0] ?? NO_NODE, ...life, suspendedOf(detail)],
          nodes: nodeRows(seq, numbers, counted, fields.startTimeMs),
          pair: pairOf(counted.user, detail),
        };
      });
      insertJobs(written.map(({ row }) => row));
      insertNodes(written.flatMap(({ nodes }) => nodes));
      accountUsers.add(written.map(({ pair }) => pair));
      writeDetails(jobs.flatMap(({ detail }, place) => (detail ? [[seqs[place]!, detail] as const] : [])));
      // Nothing marks new jobs, because their numbers are still to be seen.
      if (areNewJobs) counts.addCreated(jobs.length);
      else tallies.mark(seqs);
      return seqs;
    },

    /** Replaces a job. `areNodesSame` avoids rewriting thousands of unchanged rows. */
    async update(
      seq: number,
      { nodes, ...fields }: JobFields,
      { areNodesSame, detail }: { areNodesSame: boolean; detail: Detail },
    ): Promise<void> {
      const before = (await findCounted(seq))!;
      const nodesBefore = await nodesOf(seq);
      await learn([{ user: fields.user, nodes, detail }]);
      const user = numberUser(fields.user);
      const numbers = areNodesSame ? nodesBefore : nodes.map(numberNode);
      const first = nodes[0] === undefined ? NO_NODE : numberNode(nodes[0]);
      const life = lifeOf(fields);
      const counted = {
        user,
        state: life[0],
        partition: describe(seq, user, detail),
        start_time: fields.startTimeMs,
      };
      counts.add({ ...before, nodes: nodesBefore }, -1);
      counts.add({ ...counted, nodes: numbers }, 1);
      db.send(
        `UPDATE job SET "user" = $2, first_node = $3, state = $4, start_time = $5, started = $6, end_time = $7, suspended = $8
          WHERE seq = $1::bigint`,
        [seq, user, first, ...life, suspendedOf(detail)],
      );
      markEnd(seq, before.state, life[0]);
      if (!areNodesSame) {
        db.send('DELETE FROM job_node WHERE job = $1::bigint', [seq]);
        insertNodes(nodeRows(seq, numbers, counted, fields.startTimeMs));
      } else if (!isSameRow(before, counted)) updateNodes(seq, counted);
    },

    /** Updates the life of a job. */
    async move(seq: number, fields: JobLife): Promise<void> {
      const before = (await findCounted(seq))!;
      const life = lifeOf(fields);
      const after = { ...before, state: life[0], start_time: fields.startTimeMs };
      db.send(
        'UPDATE job SET state = $2, start_time = $3, started = $4, end_time = $5 WHERE seq = $1::bigint',
        [seq, ...life],
      );
      markEnd(seq, before.state, life[0]);
      if (isSameRow(before, after)) return;
      const nodes = await nodesOf(seq);
      counts.add({ ...before, nodes }, -1);
      counts.add({ ...after, nodes }, 1);
      updateNodes(seq, after);
    },

    /** Replaces the details of a job. */
    async describe(seq: number, detail: Detail): Promise<void> {
      const before = (await findCounted(seq))!;
      await names.learnLabels(labelsOf(detail));
      const partition = describe(seq, before.user, detail);
      db.send('UPDATE job SET suspended = $2 WHERE seq = $1::bigint AND suspended <> $2', [
        seq,
        suspendedOf(detail),
      ]);
      markEnd(seq, before.state);
      if (partition === before.partition) return;
      counts.addLive(before, -1);
      counts.addLive({ ...before, partition }, 1);
    },

    /**
     * Deletes a job and the rows that refer to it, unless it goes on as an earlier run; its samples are
     * deleted in later steps.
     */
    async remove(seq: number): Promise<void> {
      const before = await findCounted(seq);
      if (!before) return;
      await tallies.settleDeleted(seq);
      const nodes = await nodesOf(seq);
      await deleteJob(db, seq);
      counts.add({ ...before, nodes }, -1);
    },

    /** Adds to the throughput counters. */
    tally: throughput.add,

    /** For runs that are not in `job`. */
    tallies,

    async flush(): Promise<void> {
      await throughput.flush();
      counts.flush();
    },

    forget(): void {
      counts.clear();
      throughput.forget();
      accountUsers.forget();
    },

    /** Forgets the names that a part of the group, which was rolled back, had written. */
    forgetNames: accountUsers.forget,
  };
}

export type JobRows = ReturnType<typeof jobRowWriter>;

/** Returns whether `job_node` stores the same of both. */
const isSameRow = (one: CountedRow, other: CountedRow): boolean =>
  one.user === other.user && one.state === other.state && one.start_time === other.start_time;
