import { Type } from '@sinclair/typebox';
import type { Reading, ReadingQuery, Store } from '../domain/store.ts';
import { POINT_SPAN_MS, type Point, pointCollector, readPoint } from '../domain/summary.ts';
import { formatTime } from '../domain/time.ts';
import { anyOf, MAX_RUN, queryParameter, RUN, TIME } from './document.ts';
import { defined, readQuery } from './query.ts';
import { chooseFormat, ROW_FORMATS } from './rows.ts';

const DEFAULT_LIMIT = 1000;
const MAX_LIMIT = 100_000;
const MAX_POINTS = 10_000;
const ORDERS = ['asc', 'desc'] as const;

/** The documented parameters first, in the order of the API reference. */
export const READING_PARAMETERS = [
  queryParameter('start_time', 'Only samples at or after this time', TIME),
  queryParameter('end_time', 'Only samples at or before this time', TIME),
  queryParameter(
    'limit',
    'Most samples to return, the newest ones; CSV and NDJSON give all without it',
    Type.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
  ),
  queryParameter(
    'node',
    'Only samples of this node of the job',
    Type.String({ minLength: 1, maxLength: 256 }),
  ),
  RUN,
  queryParameter('order', 'Direction of time', { ...anyOf(ORDERS), default: 'asc' }),
  queryParameter(
    'max_points',
    'For plots: all that matches, in at most so many points of equal spans with least, mean and largest value; the limit does not apply',
    Type.Integer({ minimum: 1, maximum: MAX_POINTS }),
  ),
  queryParameter('format', 'Instead of an Accept header', anyOf(ROW_FORMATS)),
];

/** What a request asks of the samples of a job. */
export function readReadingRequest(request: Request) {
  const parameters = readQuery(
    request,
    READING_PARAMETERS.map(({ name }) => name),
  );
  const format = parameters.choice('format', ROW_FORMATS) ?? chooseFormat(request.headers.get('accept'));
  const query: ReadingQuery = defined({
    fromMs: parameters.time('start_time'),
    toMs: parameters.time('end_time'),
    node: parameters.identity('node'),
    run: parameters.optionalInteger(RUN.name, { min: 1, max: MAX_RUN }),
    order: parameters.choice('order', ORDERS),
  });
  const otherwise = format === 'json' ? DEFAULT_LIMIT : 0;
  return {
    query,
    format,
    /** 0: no limit. */
    limit: parameters.integer('limit', { min: 1, max: MAX_LIMIT, otherwise }),
    /** 0: as they are. */
    maxPoints: parameters.integer('max_points', { min: 1, max: MAX_POINTS, otherwise: 0 }),
  };
}

type ReadingRequest = ReturnType<typeof readReadingRequest>;

/** A sample as the API shows it; one that stands for the samples of a span says so, with their spread. */
export function renderReading(
  { timeMs, node, cpuUsage, memoryUsageMb, gpuUsage, point }: Reading,
  spanMs = POINT_SPAN_MS,
) {
  return {
    timestamp: formatTime(timeMs),
    ...(node !== undefined && { node }),
    cpu_usage: cpuUsage,
    memory_usage_mb: memoryUsageMb,
    ...(gpuUsage !== undefined && { gpu_usage: gpuUsage }),
    ...(point && {
      summary: {
        seconds: spanMs / 1000,
        samples: point.samples,
        cpu_usage: renderSpread(point.cpuUsage),
        memory_usage_mb: renderSpread(point.memoryUsageMb),
        ...(point.gpuUsage && { gpu_usage: renderSpread(point.gpuUsage) }),
      },
    }),
  };
}

const renderSpread = ({ min, mean, max }: Point['cpuUsage']) => ({ min, mean, max });

/** At most `maxPoints` points of `spanMs` over the readings that match, in order, and how many those are. */
export async function bucketReadings(store: Store, jobId: string, { query, maxPoints }: ReadingRequest) {
  const first = await firstReading(store, jobId, { ...query, order: 'asc' });
  const last = await firstReading(store, jobId, { ...query, order: 'desc' });
  if (!first || !last) return { points: [], spanMs: 0, total: 0 };
  const spanMs = Math.ceil((last.timeMs - first.timeMs + 1) / maxPoints);
  const collector = pointCollector(spanMs, first.timeMs);
  let total = 0;
  for await (const batch of store.streamSamples(jobId, query)) {
    for (const reading of batch) collector.add(reading);
    total += batch.length;
  }
  const points = collector.points().map(readPoint);
  return { points: query.order === 'desc' ? points.reverse() : points, spanMs, total };
}

async function firstReading(store: Store, jobId: string, query: ReadingQuery): Promise<Reading | undefined> {
  for await (const batch of store.streamSamples(jobId, query)) return batch[0];
  return undefined;
}

/** The columns of CSV; those from `seconds` on are blank for a sample that stands only for itself. */
export const READING_COLUMNS = [
  'timestamp',
  'node',
  'cpu_usage',
  'memory_usage_mb',
  'gpu_usage',
  'seconds',
  'samples',
  'cpu_usage_min',
  'cpu_usage_max',
  'memory_usage_mb_min',
  'memory_usage_mb_max',
  'gpu_usage_min',
  'gpu_usage_max',
];

/** A reading as a flat row, for CSV and NDJSON. */
function renderRow(reading: Reading, spanMs = POINT_SPAN_MS) {
  const { summary, ...row } = renderReading(reading, spanMs);
  if (!summary) return row;
  return {
    ...row,
    seconds: summary.seconds,
    samples: summary.samples,
    cpu_usage_min: summary.cpu_usage.min,
    cpu_usage_max: summary.cpu_usage.max,
    memory_usage_mb_min: summary.memory_usage_mb.min,
    memory_usage_mb_max: summary.memory_usage_mb.max,
    ...(summary.gpu_usage && { gpu_usage_min: summary.gpu_usage.min, gpu_usage_max: summary.gpu_usage.max }),
  };
}

/** The rows of a download: all that matches, or the points or the newest samples that were asked for. */
export async function* streamReadings(store: Store, jobId: string, request: ReadingRequest) {
  const { query, limit, maxPoints } = request;
  if (maxPoints > 0) {
    const { points, spanMs } = await bucketReadings(store, jobId, request);
    yield points.map((point) => renderRow(point, spanMs));
  } else if (limit > 0) {
    const { samples } = await store.listSamples(jobId, query, limit);
    yield samples.map((reading) => renderRow(reading));
  } else {
    for await (const batch of store.streamSamples(jobId, query))
      yield batch.map((reading) => renderRow(reading));
  }
}
