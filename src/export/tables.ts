import type { Reading } from '../api/sample.ts';
import type { Job } from '../domain/job.ts';
import type { JobSummary, MeasuredUsage } from '../domain/store/samples.ts';
import type { Load } from '../domain/summary.ts';
import type { ColumnType, Table } from './table.ts';

/** A column of a table of jobs that is a detail of the same name in the API. */
const detail = (name: string, type: ColumnType, key: keyof NonNullable<Job['details']>) => ({
  name,
  type,
  read: ({ details }: Job) => details?.[key] as string | number | undefined,
});

/** One row a job that ended. Fields have the names and units of the HTTP API. */
export const JOBS: Table<Job> = {
  columns: [
    { name: 'job_id', type: 'STRING', read: ({ id }) => id },
    { name: 'user', type: 'STRING', read: ({ user }) => user },
    detail('account', 'STRING', 'account'),
    detail('partition', 'STRING', 'partition'),
    detail('qos', 'STRING', 'qos'),
    detail('cluster', 'STRING', 'cluster'),
    detail('name', 'STRING', 'name'),
    { name: 'state', type: 'STRING', read: ({ state }) => state },
    detail('raw_state', 'STRING', 'rawState'),
    detail('submit_time', 'TIMESTAMP', 'submitTimeMs'),
    { name: 'start_time', type: 'TIMESTAMP', read: ({ startTimeMs }) => startTimeMs },
    { name: 'end_time', type: 'TIMESTAMP', read: ({ endTimeMs }) => endTimeMs },
    { name: 'node_count', type: 'INT64', read: ({ nodes }) => nodes.length },
    { name: 'nodes', type: 'STRING', read: ({ nodes }) => nodes.join(',') },
    detail('cpus', 'INT64', 'cpus'),
    detail('memory_limit_mb', 'INT64', 'memoryLimitMb'),
    detail('gpus', 'INT64', 'gpus'),
    detail('time_limit_seconds', 'INT64', 'timeLimitSeconds'),
    detail('suspended_seconds', 'INT64', 'suspendedSeconds'),
    detail('exit_code', 'INT64', 'exitCode'),
    detail('signal', 'INT64', 'signal'),
    detail('restarts', 'INT64', 'restarts'),
    detail('array_job_id', 'STRING', 'arrayJobId'),
    detail('array_task_id', 'INT64', 'arrayTaskId'),
    detail('energy_joules', 'INT64', 'energyJoules'),
    detail('energy_method', 'STRING', 'energyMethod'),
  ],
};

/** A summary of a job on one of its nodes, or on all of them. */
export interface SummaryOfJob {
  readonly jobId: string;
  /** Undefined: all nodes together. */
  readonly node: string | undefined;
  readonly usage: MeasuredUsage;
}

const load = (name: string, key: 'cpuUsage' | 'memoryUsageMb' | 'gpuUsage', part: keyof Load) => ({
  name,
  type: 'DOUBLE' as const,
  read: ({ usage }: SummaryOfJob) => usage[key]?.[part],
});

/** One row a job that was measured, with an empty node, and one for each of its nodes. */
export const SUMMARIES: Table<SummaryOfJob> = {
  columns: [
    { name: 'job_id', type: 'STRING', read: ({ jobId }) => jobId },
    { name: 'node', type: 'STRING', read: ({ node }) => node },
    { name: 'samples', type: 'INT64', read: ({ usage }) => usage.samples },
    { name: 'observed_seconds', type: 'DOUBLE', read: ({ usage }) => usage.observedSeconds },
    load('cpu_usage_mean', 'cpuUsage', 'mean'),
    load('cpu_usage_max', 'cpuUsage', 'max'),
    load('memory_usage_mb_mean', 'memoryUsageMb', 'mean'),
    load('memory_usage_mb_max', 'memoryUsageMb', 'max'),
    load('gpu_usage_mean', 'gpuUsage', 'mean'),
    load('gpu_usage_max', 'gpuUsage', 'max'),
  ],
};

/** Returns the rows of a job in the table of summaries; none if it was not measured. */
export function summaryRows(jobId: string, { whole, nodes }: JobSummary): SummaryOfJob[] {
  if (whole.samples === 0) return [];
  return [
    { jobId, node: undefined, usage: whole },
    ...nodes.map(({ node, ...usage }) => ({ jobId, node, usage })),
  ];
}

/** A sample and the job that it is of. */
export interface SampleOfJob extends Reading {
  readonly jobId: string;
}

/** One row a sample, in the order of jobs, and of times in a job. */
export const SAMPLES: Table<SampleOfJob> = {
  columns: [
    { name: 'job_id', type: 'STRING', read: ({ jobId }) => jobId },
    { name: 'node', type: 'STRING', read: ({ node }) => node },
    { name: 'timestamp', type: 'TIMESTAMP', read: ({ timeMs }) => timeMs },
    { name: 'cpu_usage', type: 'DOUBLE', read: ({ cpuUsage }) => cpuUsage },
    { name: 'memory_usage_mb', type: 'DOUBLE', read: ({ memoryUsageMb }) => memoryUsageMb },
    { name: 'gpu_usage', type: 'DOUBLE', read: ({ gpuUsage }) => gpuUsage },
  ],
};
