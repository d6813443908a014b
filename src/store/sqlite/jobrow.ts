import type { Database } from 'bun:sqlite';
import { JOB_STATES, type JobState } from '../../domain/job.ts';
import { nameWriter } from './names.ts';

/** The node that stands for none: that of a job which has been given none yet. */
const NO_NODE = 0;

/** What the tables `job` and `job_node` hold of one job. */
export interface JobFields {
  readonly user: string;
  readonly nodes: readonly string[];
  readonly state: JobState;
  /** When it started; of a job that has not: what stands for it in the order of the lists. */
  readonly startTimeMs: number;
  readonly hasStarted: boolean;
  readonly endTimeMs: number | undefined;
}

/** Writes the rows of jobs inside the transaction of the group. Counts and copies follow by triggers. */
export function jobRowWriter(db: Database) {
  const numberUser = nameWriter(db, 'user');
  const numberNode = nameWriter(db, 'node');
  const insertJob = db.query(
    `INSERT INTO job (seq, id, user, first_node, state, start_time, started, end_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const updateJob = db.query(
    `UPDATE job SET user = ?2, first_node = ?3, state = ?4, start_time = ?5, started = ?6, end_time = ?7 WHERE seq = ?1`,
  );
  const deleteNodes = db.query('DELETE FROM job_node WHERE job = ?');
  const insertNode = db.query(
    'INSERT INTO job_node (job, node, position, user, state, start_time) VALUES (?, ?, ?, ?, ?, ?)',
  );

  function valuesOf({ user, nodes, state, startTimeMs, hasStarted, endTimeMs }: JobFields) {
    const nodeIds = nodes.map(numberNode);
    const values = [
      numberUser(user),
      nodeIds[0] ?? NO_NODE,
      JOB_STATES.indexOf(state),
      startTimeMs,
      Number(hasStarted),
      endTimeMs === undefined ? null : Math.max(endTimeMs, startTimeMs),
    ] as const;
    return { nodeIds, values };
  }

  function insertNodes(
    seq: number,
    nodeIds: readonly number[],
    [user, , state, startTimeMs]: readonly unknown[],
  ) {
    nodeIds.forEach((node, position) => {
      insertNode.run(seq, node, position, user as number, state as number, startTimeMs as number);
    });
  }

  return {
    /** Returns the number of the job; a new one unless `seq` is given. */
    insert(id: string, fields: JobFields, seq: number | null = null): number {
      const { nodeIds, values } = valuesOf(fields);
      const inserted = Number(insertJob.run(seq, id, ...values).lastInsertRowid);
      insertNodes(inserted, nodeIds, values);
      return inserted;
    },

    /** `areNodesSame` spares the writing of thousands of rows that stay as they are. */
    update(seq: number, fields: JobFields, { areNodesSame }: { areNodesSame: boolean }): void {
      const { nodeIds, values } = valuesOf(fields);
      if (!areNodesSame) deleteNodes.run(seq);
      updateJob.run(seq, ...values);
      if (!areNodesSame) insertNodes(seq, nodeIds, values);
    },
  };
}
