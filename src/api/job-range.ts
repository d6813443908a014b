import { Type } from '@sinclair/typebox';
import type { JobFigure, JobRanges } from '../domain/list.ts';
import { type Query, queryParameter } from './operation.ts';

/** How a figure is written: a whole number up to `most`, a number with decimals, or a duration. */
type RangeKind =
  | { readonly kind: 'count'; readonly most: number }
  | { readonly kind: 'decimal'; readonly most: number }
  | { readonly kind: 'duration' };

interface JobRange {
  readonly figure: JobFigure;
  /** What `min_` and `max_` stand before in the names of its parameters. */
  readonly name: string;
  readonly written: RangeKind;
  /** Jobs …, with "at least" or "at most" for `$`. */
  readonly means: string;
}

const COUNT: RangeKind = { kind: 'count', most: Number.MAX_SAFE_INTEGER };
const DURATION: RangeKind = { kind: 'duration' };
const PERCENT: RangeKind = { kind: 'decimal', most: 100 };
const MEASURED = '; a job that was not measured never matches';

/** The figures that lists can be filtered by. */
export const JOB_RANGES: readonly JobRange[] = [
  {
    ...{ figure: 'runtime', name: 'runtime', written: DURATION },
    means: 'that have run $ this long: seconds, or a duration such as 90s, 15m, 2h, 3d',
  },
  {
    ...{ figure: 'wait', name: 'wait', written: DURATION },
    means: 'that waited $ this long between submission and start, or until now if they still wait',
  },
  { figure: 'nodes', name: 'nodes', written: COUNT, means: 'on $ this many nodes' },
  { figure: 'cpus', name: 'cpus', written: COUNT, means: 'with $ this many CPUs' },
  { figure: 'gpus', name: 'gpus', written: COUNT, means: 'with $ this many GPUs' },
  {
    ...{ figure: 'cpuUsage', name: 'cpu_usage', written: PERCENT },
    means: `whose CPU usage is $ this, in percent${MEASURED}`,
  },
  {
    ...{ figure: 'memoryUsage', name: 'memory_usage_mb', written: COUNT },
    means: `whose memory usage is $ this, in MB${MEASURED}`,
  },
  {
    ...{ figure: 'memoryPercent', name: 'memory_percent', written: { kind: 'decimal', most: 1_000_000 } },
    means: `whose memory usage is $ this, in percent of their limit${MEASURED}, nor does one without a limit`,
  },
  {
    ...{ figure: 'gpuUsage', name: 'gpu_usage', written: PERCENT },
    means: `whose GPU usage is $ this, in percent${MEASURED}`,
  },
];

const schemaOf = (written: RangeKind) => {
  if (written.kind === 'duration') return Type.String({ pattern: '^(\\d{1,10}|\\d{1,9}(ms|s|m|h|d|w|y))$' });
  const bounds = { minimum: 0, maximum: written.most };
  return written.kind === 'count' ? Type.Integer(bounds) : Type.Number(bounds);
};

/** Two parameters for each figure. */
export const RANGE_PARAMETERS = JOB_RANGES.flatMap(({ name, written, means }) => [
  queryParameter(`min_${name}`, `Only jobs ${means.replace('$', 'at least')}`, schemaOf(written)),
  queryParameter(`max_${name}`, `Only jobs ${means.replace('$', 'at most')}`, schemaOf(written)),
]);

/** Writes ranges as query parameters. */
export function renderRanges(ranges: JobRanges): Query {
  const query: Record<string, string> = {};
  for (const { figure, name, written } of JOB_RANGES) {
    for (const [side, value] of Object.entries(ranges[figure] ?? {})) {
      query[`${side}_${name}`] = written.kind === 'duration' ? renderDuration(value) : String(value);
    }
  }
  return query;
}

/** A duration has at most nine digits: a longer one is rounded up to seconds. */
const renderDuration = (ms: number): string => (ms < 1e9 ? `${ms}ms` : String(Math.ceil(ms / 1000)));
