import type { JobFigure, JobRanges } from '../../../domain/list.ts';
import { stateNumber } from '../../rows/states.ts';
import type { Bind } from '../sql/bindings.ts';

const PENDING = stateNumber('pending');

/** Returns a figure of a row of `job` (domain `JOB_FIGURES`); NULL if the job has none. */
export function figureOf(figure: JobFigure, nowMs: number, bind: Bind): string {
  switch (figure) {
    case 'runtime': {
      const now = `${bind(nowMs)}::bigint`;
      // As domain `runtimeSeconds`; an end after `nowMs` does not count yet.
      const ran = `least(coalesce(job.end_time, ${now}), ${now}) - job.start_time - 1000 * job.suspended`;
      return `CASE WHEN job.started = 1 THEN greatest(0, ${ran}) END`;
    }
    case 'wait': {
      const now = `${bind(nowMs)}::bigint`;
      const notStarted = `CASE WHEN job.state = ${PENDING} THEN ${now} ELSE job.end_time END`;
      const until = `CASE WHEN job.started = 1 THEN job.start_time ELSE ${notStarted} END`;
      // `least` and `greatest` pass over NULL.
      return ofDetail(
        `CASE WHEN (${until}) - submit_time IS NOT NULL THEN greatest(0, least((${until}), ${now}) - submit_time) END`,
      );
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
      return ofUsage('sum(memory)::bigint');
    case 'memoryPercent':
      return `(100.0::float8 * ${ofUsage('sum(memory)::bigint')} / ${ofDetail('nullif(memory_limit, 0)')})`;
  }
}

const ofDetail = (value: string): string => `(SELECT ${value} FROM detail WHERE detail.job = job.seq)`;

/** Returns a value of all nodes of a job that reported, as domain `combineUsage` has it. */
const ofUsage = (value: string): string =>
  `(SELECT ${value} FROM usage JOIN latest ON latest.usage = usage.id WHERE usage.job = job.seq)`;
const meanOf = (column: string): string =>
  `CASE WHEN count(${column}) < 2 THEN max(${column}) ELSE round(avg(${column})::numeric, 6)::float8 END`;

/** Returns the conditions that the figures of a row of `job` are in these ranges. */
export const rangeTerms = (ranges: JobRanges, nowMs: number, bind: Bind): string[] =>
  Object.entries(ranges).flatMap(([figure, { min, max }]) => {
    if (min === undefined && max === undefined) return [];
    const value = figureOf(figure as JobFigure, nowMs, bind);
    const limit = (number: number) => `${bind(number)}::float8`;
    if (min === undefined) return `${value} <= ${limit(max!)}`;
    return max === undefined
      ? `${value} >= ${limit(min)}`
      : `${value} BETWEEN ${limit(min)} AND ${limit(max)}`;
  });
