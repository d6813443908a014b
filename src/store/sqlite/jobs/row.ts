import type { Database } from 'bun:sqlite';
import type { JobLife } from '../../../domain/job.ts';
import type { Detail } from '../../../domain/run.ts';
import type { Counted } from '../../rows/counts.ts';
import {
  type InsertedJob,
  type JobFields,
  lifeOf,
  NO_NODE,
  NO_PARTITION,
  suspendedOf,
} from '../../rows/job.ts';
import { FIRST_ENDED } from '../../rows/states.ts';
import { bulkInserter, type Value } from '../sql/insert.ts';
import { nameNumberers } from '../sql/names.ts';
import { accountUserWriter, NO_ACCOUNT } from './accounts.ts';
import { jobCounter } from './counts.ts';
import { detailWriter } from './details.ts';
import { throughputWriter } from './throughput.ts';

/** What is to be done about the tallies of runs whose rows are written. */
export interface RunTallies {
  /** To be called whenever a run ended, or one that has ended changed. */
  mark(run: number): void;
  /** To be called before a job is deleted, or the last of its nodes: its runs stay in the tallies. */
  settleDeleted(seq: number): void;
  /** To be called for a run that turned out to be part of another one. */
  join(run: number): void;
}

/** What is to be done about the columns of lists, which have ended jobs as they once were. */
export interface ColumnMarks {
  /** To be called when a job is written or deleted that has ended, or had ended before. */
  mark(seq: number): void;
  /** To be called when the usage of jobs has changed. */
  markMeasured(seqs: readonly number[]): void;
}

type CountedRow = Omit<Counted, 'nodes'>;

/**
 * Writes all rows of `job`, `job_node` and `detail`, inside the transaction of the group. It also sums what
 * is counted of them, so that no way of writing a job can miss a count. Call `flush` before the commit,
 * `forget` after a rollback.
 */
export function jobRowWriter(db: Database, tallies: RunTallies, columns: ColumnMarks) {
  const names = nameNumberers(db);
  const { numberUser, numberNode, numberLabel } = names;
  const counts = jobCounter(db);
  const throughput = throughputWriter(db, numberLabel);
  const writeDetails = detailWriter(db, numberLabel);
  const accountUsers = accountUserWriter(db);
  const insertJobs = bulkInserter(
    db,
    'INSERT INTO job (seq, id, user, first_node, state, start_time, started, end_time, suspended)',
    9,
  );
  const updateJob = db.query(
    `UPDATE job SET user = ?2, first_node = ?3, state = ?4, start_time = ?5, started = ?6, end_time = ?7, suspended = ?8
      WHERE seq = ?1`,
  );
  const moveJob = db.query(
    'UPDATE job SET state = ?2, start_time = ?3, started = ?4, end_time = ?5 WHERE seq = ?1',
  );
  const setSuspended = db.query('UPDATE job SET suspended = ?2 WHERE seq = ?1 AND suspended <> ?2');
  // AUTOINCREMENT: the highest number that was ever given.
  const selectLastSeq = db.query<{ seq: number }, []>("SELECT seq FROM sqlite_sequence WHERE name = 'job'");
  const deleteJob = db.query('DELETE FROM job WHERE seq = ?');
  const deleteNodes = db.query('DELETE FROM job_node WHERE job = ?');
  const insertNodes = bulkInserter(
    db,
    'INSERT INTO job_node (job, node, position, user, state, start_time)',
    6,
  );
  const updateNodes = db.query('UPDATE job_node SET user = ?2, state = ?3, start_time = ?4 WHERE job = ?1');
  const selectCounted = db.query<CountedRow & { start_time: number }, [number]>(
    `SELECT user, state, start_time, ifnull((SELECT partition FROM detail WHERE job = seq), ${NO_PARTITION}) AS partition
       FROM job WHERE seq = ?`,
  );
  const selectNodes = db.query<unknown, [number]>('SELECT node FROM job_node WHERE job = ?');

  const selectSomeNodes = db.query<unknown, [number, number]>(
    'SELECT node FROM job_node WHERE job = ? ORDER BY node DESC LIMIT ?',
  );
  const deleteNode = db.query('DELETE FROM job_node WHERE job = ? AND node = ?');

  const nodesOf = (seq: number): number[] => (selectNodes.values(seq) as number[][]).map(([node]) => node!);

  /** Returns the rows of a job's nodes. */
  function nodeRows(seq: number, nodes: readonly number[], row: CountedRow, startTimeMs: number): number[] {
    const { user, state } = row;
    return nodes.flatMap((node, position) => [seq, node, position, user, state, startTimeMs]);
  }

  /** Remembers the account of a user's job and returns the number of its partition. */
  function label(user: number, detail: Detail | undefined): number {
    const { partition, account } = detail?.details ?? {};
    accountUsers.add(account === undefined ? NO_ACCOUNT : numberLabel(account), user);
    return partition === undefined ? NO_PARTITION : numberLabel(partition);
  }

  /** Writes the details of a user's job and returns the number of its partition. */
  function describe(seq: number, user: number, detail: Detail): number {
    writeDetails([[seq, detail]]);
    return label(user, detail);
  }

  /** Marks a run whose end is new or may have changed. */
  function markEnd(seq: number, ...states: number[]): void {
    if (!states.some((state) => state >= FIRST_ENDED)) return;
    tallies.mark(seq);
    columns.mark(seq);
  }

  /**
   * Inserts jobs, and returns their numbers: many at once take a third less time than one by one.
   * `areNewJobs` is false if known jobs run again, because they were counted before.
   */
  function insert(jobs: readonly InsertedJob[], { areNewJobs }: { areNewJobs: boolean }): number[] {
    let last = selectLastSeq.get()?.seq ?? 0;
    const seqs: number[] = [];
    const rows: Value[] = [];
    const nodeValues: number[] = [];
    const details: [number, Detail][] = [];
    for (const { id, nodes, detail, ...fields } of jobs) {
      const seq = fields.seq ?? ++last;
      const user = numberUser(fields.user);
      const numbers = nodes.map(numberNode);
      const life = lifeOf(fields);
      rows.push(seq, id, user, numbers[0] ?? NO_NODE, ...life, suspendedOf(detail));
      const counted = { user, state: life[0], partition: label(user, detail) };
      for (const value of nodeRows(seq, numbers, counted, fields.startTimeMs)) nodeValues.push(value);
      if (detail) details.push([seq, detail]);
      counts.add({ ...counted, nodes: numbers }, 1);
      seqs.push(seq);
    }
    insertJobs(rows);
    insertNodes(nodeValues);
    writeDetails(details);
    // Only numbers that were given before can be in a block.
    seqs.forEach(columns.mark);
    // Nothing marks new jobs, because their numbers are still to be seen.
    if (areNewJobs) counts.addCreated(jobs.length);
    else seqs.forEach(tallies.mark);
    return seqs;
  }

  return {
    insert,

    /** Replaces a job. `areNodesSame` avoids rewriting thousands of unchanged rows. */
    update(
      seq: number,
      { nodes, ...fields }: JobFields,
      { areNodesSame, detail }: { areNodesSame: boolean; detail: Detail },
    ): void {
      const before = selectCounted.get(seq)!;
      const nodesBefore = nodesOf(seq);
      const user = numberUser(fields.user);
      const numbers = areNodesSame ? nodesBefore : nodes.map(numberNode);
      const first = nodes[0] === undefined ? NO_NODE : numberNode(nodes[0]);
      const life = lifeOf(fields);
      const counted = { user, state: life[0], partition: describe(seq, user, detail) };
      counts.add({ ...before, nodes: nodesBefore }, -1);
      counts.add({ ...counted, nodes: numbers }, 1);
      updateJob.run(seq, user, first, ...life, suspendedOf(detail));
      markEnd(seq, before.state, life[0]);
      if (!areNodesSame) {
        deleteNodes.run(seq);
        insertNodes(nodeRows(seq, numbers, counted, fields.startTimeMs));
      } else if (!isSameRow(before, { ...counted, start_time: fields.startTimeMs })) {
        updateNodes.run(seq, user, life[0], fields.startTimeMs);
      }
    },

    /** Updates the life of a job. */
    move(seq: number, fields: JobLife): void {
      const before = selectCounted.get(seq)!;
      const life = lifeOf(fields);
      const after = { ...before, state: life[0], start_time: fields.startTimeMs };
      moveJob.run(seq, ...life);
      markEnd(seq, before.state, life[0]);
      if (isSameRow(before, after)) return;
      const nodes = nodesOf(seq);
      counts.add({ ...before, nodes }, -1);
      counts.add({ ...after, nodes }, 1);
      updateNodes.run(seq, after.user, after.state, after.start_time);
    },

    /** Replaces the details of a job. */
    describe(seq: number, detail: Detail): void {
      const before = selectCounted.get(seq)!;
      const partition = describe(seq, before.user, detail);
      setSuspended.run(seq, suspendedOf(detail));
      markEnd(seq, before.state);
      if (partition === before.partition) return;
      counts.addLive(before, -1);
      counts.addLive({ ...before, partition }, 1);
    },

    /** Deletes a job and the rows that refer to it; its samples are deleted in later steps. */
    remove(seq: number): void {
      const before = selectCounted.get(seq);
      if (!before) return;
      tallies.settleDeleted(seq);
      columns.mark(seq);
      const nodes = nodesOf(seq);
      deleteJob.run(seq);
      counts.add({ ...before, nodes }, -1);
    },

    /**
     * Removes `limit` nodes of a job that is deleted in steps. Returns false, and does nothing, if it has no
     * more nodes than that.
     */
    takeNodes(seq: number, limit: number): boolean {
      const nodes = (selectSomeNodes.values(seq, limit + 1) as number[][]).map(([node]) => node!);
      if (nodes.length <= limit) return false;
      // While it still has all of them.
      tallies.settleDeleted(seq);
      columns.mark(seq);
      const before = selectCounted.get(seq)!;
      nodes.pop();
      for (const node of nodes) deleteNode.run(seq, node);
      counts.addNodes({ ...before, nodes }, -1);
      return true;
    },

    /** Adds to the throughput counters. */
    tally: throughput.add,

    /** For runs that are not in `job`. */
    tallies,

    /** To be called when the usage of jobs has changed. */
    markMeasured: columns.markMeasured,

    flush(): void {
      counts.flush();
      throughput.flush();
    },

    forget(): void {
      counts.clear();
      throughput.forget();
      names.forget();
      accountUsers.forget();
    },
  };
}

export type JobRows = ReturnType<typeof jobRowWriter>;

/** Returns whether `job_node` stores the same of both. */
const isSameRow = (
  one: Pick<CountedRow, 'user' | 'state'> & { start_time: number },
  other: Pick<CountedRow, 'user' | 'state'> & { start_time: number },
): boolean => one.user === other.user && one.state === other.state && one.start_time === other.start_time;
