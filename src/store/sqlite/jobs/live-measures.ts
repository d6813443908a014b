import type { Database } from 'bun:sqlite';
import type { Allocation } from '../../../domain/detail.ts';
import type { LiveMeasures } from '../../../domain/live-measures.ts';
import { unpackLiveValues } from '../../chunk/live-values.ts';
import { unpackIfWhole } from '../../chunk/whole.ts';

/** What a scheduler says of a job. */
interface Given {
  readonly timeLimit: number | null;
  readonly gpus: number | null;
  readonly allocations: string | null;
  /** 1, or 2 for several. */
  readonly nodes: number;
}

/** Whether any series has measures: without them a scrape costs what it did before there were any. */
export const hasLiveMeasures = (db: Database): boolean =>
  db.query<{ has: number }, []>('SELECT EXISTS (SELECT 1 FROM latest_measures) AS has').get()!.has === 1;

/**
 * Returns a function that reads the measures of a series. The series of a job come one after the other, so
 * that what is known of the job is read once.
 */
export function liveMeasureReader(db: Database) {
  const select = db.query<Given, [number]>(
    `SELECT time_limit AS timeLimit, gpus, allocations,
            (SELECT count(*) FROM (SELECT 1 FROM job_node WHERE job = ?1 LIMIT 2)) AS nodes
       FROM detail WHERE job = ?1`,
  );
  let lastJob: number | undefined;
  let given: Given | null = null;
  let allocations: readonly Allocation[] = [];

  function readJob(job: number): void {
    if (job === lastJob) return;
    lastJob = job;
    given = select.get(job);
    allocations = given?.allocations ? (JSON.parse(given.allocations) as Allocation[]) : [];
  }

  /** The GPUs of a node: as its Prolog said, or all of the job if that is none or has one node. */
  function gpusOn(node: string): number | undefined {
    const ids = allocations.find((allocation) => allocation.node === node)?.gpuIds;
    if (ids) return ids.length;
    return given && (given.gpus === 0 || given.nodes === 1) ? (given.gpus ?? undefined) : undefined;
  }

  return (job: number, node: string, data: Uint8Array): LiveMeasures | undefined => {
    const values = unpackIfWhole(data, unpackLiveValues);
    if (!values) return undefined;
    readJob(job);
    const timeLimitSeconds = given?.timeLimit ?? undefined;
    const gpusAllocated = gpusOn(node);
    return {
      values,
      ...(timeLimitSeconds !== undefined && { timeLimitSeconds }),
      ...(gpusAllocated !== undefined && { gpusAllocated }),
    };
  };
}
