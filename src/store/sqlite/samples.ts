import type { Database } from 'bun:sqlite';
import { jobNotFound } from '../../domain/errors.ts';
import { applySample, type NewSample, notANode } from '../../domain/sample.ts';
import { addSample, NO_TOTALS } from '../../domain/summary.ts';
import { sampleBatchWriter } from './batch.ts';
import { USAGE_COLUMNS, type UsageRow, usageWriter } from './usage.ts';

/** Writes samples inside the transaction of the group. */
export function sampleWriter(db: Database) {
  // One statement finds all there is to know of a job and node that has reported before. Subqueries, because a join
  // costs five times as much to start as these rows cost to find.
  const selectFirstNode = db.query<UsageRow, [string]>(
    `SELECT ${USAGE_COLUMNS} FROM usage WHERE (job, node) = (SELECT seq, first_node FROM job WHERE id = ?)`,
  );
  const selectNamedNode = db.query<UsageRow, [string, string]>(
    `SELECT ${USAGE_COLUMNS} FROM usage
      WHERE job = (SELECT seq FROM job WHERE id = ?) AND node = (SELECT id FROM node WHERE name = ?)`,
  );
  const selectJob = db.query<{ seq: number; first_node: number }, [string]>(
    'SELECT seq, first_node FROM job WHERE id = ?',
  );
  const selectNode = db.query<{ node: number }, [number, string]>(
    'SELECT node FROM job_node WHERE job = ? AND node = (SELECT id FROM node WHERE name = ?)',
  );
  const insertSample = db.query(
    'INSERT INTO sample (job, node, previous, time, cpu, memory, gpu) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const usages = usageWriter(db);

  /** The job and node of a first sample; the errors of `recordSample` when they do not exist. */
  function findTarget(jobId: string, name: string | undefined): { job: number; node: number } {
    const job = selectJob.get(jobId);
    if (!job) throw jobNotFound(jobId);
    const node = name === undefined ? job.first_node : selectNode.get(job.seq, name)?.node;
    if (node !== undefined) return { job: job.seq, node };
    throw notANode(name!);
  }

  function record(jobId: string, sample: NewSample): void {
    const { node: name, timeMs, cpuUsage, memoryUsageMb, gpuUsage = null } = sample;
    const known =
      (name === undefined ? selectFirstNode.get(jobId) : selectNamedNode.get(jobId, name)) ?? undefined;
    const { job, node } = known ?? findTarget(jobId, name);
    const previous = known?.lastSample ?? 0;
    const { lastInsertRowid } = insertSample.run(
      job,
      node,
      previous,
      timeMs,
      cpuUsage,
      memoryUsageMb,
      gpuUsage,
    );
    const usage = applySample(known, sample);
    usages.save({ job, node, isNew: !known }, usage, Number(lastInsertRowid), addSample(NO_TOTALS, sample));
  }

  return { record, recordMany: sampleBatchWriter(db).record };
}
