import type { JobFigure, JobRanges } from '../../../domain/list.ts';
import { stateNumber } from '../../rows/states.ts';
import type { Bind } from '../sql/bindings.ts';

const PENDING = stateNumber('pending');

/** Returns a figure of a row of `job` (domain `JOB_FIGURES`); NULL if the job has none. */
export function figureOf(figure: JobFigure, nowMs: number, bind: Bind): string {
  switch (figure) {
    case 'runtime': {
      const now = bind(nowMs);
      // As domain `runtimeSeconds`; an end after `nowMs` does not count yet.
      const ran = `min(coalesce(job.end_time, ${now}), ${now}) - job.start_time - 1000 * job.suspended`;
      return `iif(job.started, max(0, ${ran}), NULL)`;
    }
    case 'wait': {
      const now = bind(nowMs);
      const notStarted = `iif(job.state = ${PENDING}, ${now}, job.end_time)`;
      return ofDetail(`max(0, min(iif(job.started, job.start_time, ${notStarted}), ${now}) - submit_time)`);
    }
    case 'nodes':
      return '(SELECT nullif(count(*), 0) FROM job_node AS own WHERE own.job = job.seq)';
    case 'cpus':
    case 'gpus':
      return ofDetail(figure);
    case 'cpuUsage':
      return ofUsage(meanOf('cpu'));
    case 'gpuUsage':
      return ofUsage(meanOf('gpu'));
    case 'memoryUsage':
      return ofUsage('sum(memory)');
    case 'memoryPercent':
      return `(100.0 * ${ofUsage('sum(memory)')} / ${ofDetail('nullif(memory_limit, 0)')})`;
  }
}

const ofDetail = (value: string): string => `(SELECT ${value} FROM detail WHERE detail.job = job.seq)`;

/** Returns a value of all nodes of a job that reported, as domain `combineUsage` has it. */
const ofUsage = (value: string): string =>
  `(SELECT ${value} FROM usage JOIN latest ON latest.usage = usage.id WHERE usage.job = job.seq)`;
const meanOf = (column: string): string =>
  `iif(count(${column}) < 2, max(${column}), round(avg(${column}), 6))`;

/** Figures that are read from all nodes of a job, which may be thousands. */
const MANY_ROWS: ReadonlySet<string> = new Set<JobFigure>([
  ...(['nodes', 'cpuUsage', 'gpuUsage', 'memoryUsage', 'memoryPercent'] as const),
]);

/** Whether a figure or a sort of a job may need thousands of rows. */
export const isOfManyRows = (figure: string): boolean => MANY_ROWS.has(figure);

/** Returns the conditions that the figures of a row of `job` are in these ranges. */
export const rangeTerms = (ranges: JobRanges, nowMs: number, bind: Bind): string[] =>
  Object.entries(ranges).flatMap(([figure, { min, max }]) => {
    if (min === undefined && max === undefined) return [];
    const value = figureOf(figure as JobFigure, nowMs, bind);
    if (min === undefined) return `${value} <= ${bind(max!)}`;
    return max === undefined ? `${value} >= ${bind(min)}` : `${value} BETWEEN ${bind(min)} AND ${bind(max)}`;
  });
