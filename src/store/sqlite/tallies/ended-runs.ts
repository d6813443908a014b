import type { Database } from 'bun:sqlite';
import {
  type FoundEnd,
  type JobEnd,
  MAX_NODES,
  type NameNumbers,
  NONE,
  type NodeSamples,
  readJobEnd,
  readPastEnd,
} from '../../rows/ended-run.ts';
import { FIRST_ENDED } from '../../rows/states.ts';
import { readTotals, type SealedRow } from '../../rows/totals.ts';
import { SELECT_SEALED } from '../samples/totals.ts';

/** Reads runs that have ended, by the number of their samples. */
export function endedRunReader(db: Database, names: NameNumbers) {
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

  return {
    /** Returns the run if it has ended; undefined also if there is no such run. */
    find(seq: number): FoundEnd | undefined {
      const job = selectJob.get(seq);
      if (job) return readJobEnd(job, names, () => selectNodes.all(seq).map(({ node }) => node));
      const past = selectPast.get(seq);
      return past ? readPastEnd(past.run, names) : undefined;
    },

    /** Reads the sealed samples of a run, a row for each series. */
    readNodes: (seq: number): NodeSamples[] =>
      selectSealed.all(seq).map(({ data, ...totals }) => ({ ...totals, measures: readTotals(data) ?? [] })),
  };
}
