import { invalid } from '../domain/errors.ts';
import type { ForeignSeries } from '../domain/foreign/series.ts';

// OTLP in JSON (https://opentelemetry.io/docs/specs/otlp/): integers of 64 bits are texts.

const MAX_ATTRIBUTES = 128;
const CUMULATIVE = [2, 'AGGREGATION_TEMPORALITY_CUMULATIVE'];
/** The flag of a point without a value: the series ended. */
const NO_VALUE = 1;

type Fields = Readonly<Record<string, unknown>>;

/** The series of one resource, and the points of kinds that are not read. */
export interface OtlpResource {
  readonly series: readonly ForeignSeries[];
  readonly unread: number;
}

/**
 * Reads one element of `resourceMetrics`: gauges and cumulative sums. Attributes of the resource count as
 * labels of each series. Throws `validation_error`.
 */
export function readResource(element: unknown): OtlpResource {
  const { resource, scopeMetrics } = objectOf(element, 'resourceMetrics');
  const shared = attributesOf(objectOf(resource ?? {}, 'resource').attributes);
  const series: ForeignSeries[] = [];
  let unread = 0;
  for (const scope of listOf(scopeMetrics, 'scopeMetrics'))
    for (const metric of listOf(objectOf(scope, 'scopeMetrics').metrics, 'metrics')) {
      const read = readMetric(objectOf(metric, 'metrics'), shared);
      if (typeof read === 'number') unread += read;
      else series.push(...read);
    }
  return { series, unread };
}

/** Returns the series of a metric, or the number of its points if its kind is not read. */
function readMetric(metric: Fields, shared: ReadonlyMap<string, string>): ForeignSeries[] | number {
  const { name, gauge, sum } = metric;
  if (typeof name !== 'string') throw invalid('name of each metric must be a string.');
  const data = objectOf(gauge ?? sum ?? otherData(metric), name);
  const points = listOf(data.dataPoints, 'dataPoints');
  const isRead =
    gauge !== undefined || (sum !== undefined && CUMULATIVE.includes(data.aggregationTemporality as never));
  if (!isRead) return points.length;
  return points.map((element) => {
    const point = objectOf(element, 'dataPoints');
    return {
      name,
      labels: attributesOf(point.attributes, shared),
      times: [timeOf(point.timeUnixNano)],
      values: [readValue(point)],
    };
  });
}

const otherData = ({ histogram, exponentialHistogram, summary }: Fields): unknown =>
  histogram ?? exponentialHistogram ?? summary ?? {};

function readValue({ flags, asDouble, asInt }: Fields): number {
  if (typeof flags === 'number' && (flags & NO_VALUE) !== 0) return Number.NaN;
  const value = asDouble ?? asInt;
  if (typeof value === 'number') return value;
  // Also NaN and Infinity are texts.
  if (typeof value === 'string' && value.trim() !== '') return Number(value);
  throw invalid('Each of dataPoints must have asDouble or asInt.');
}

function timeOf(nanoseconds: unknown): number {
  const isText = typeof nanoseconds === 'string' && /^\d{1,20}$/.test(nanoseconds);
  if (!isText && typeof nanoseconds !== 'number')
    throw invalid('timeUnixNano of each of dataPoints must be a number of nanoseconds.');
  return Math.floor(Number(nanoseconds) / 1e6);
}

function attributesOf(list: unknown, shared?: ReadonlyMap<string, string>): Map<string, string> {
  const attributes = new Map(shared);
  const all = listOf(list, 'attributes');
  if (all.length > MAX_ATTRIBUTES) throw invalid(`attributes must have at most ${MAX_ATTRIBUTES} elements.`);
  for (const element of all) {
    const { key, value } = objectOf(element, 'attributes');
    const { stringValue, intValue, boolValue, doubleValue } = objectOf(value ?? {}, 'value');
    const text = stringValue ?? intValue ?? boolValue ?? doubleValue;
    if (typeof key === 'string' && text !== undefined && typeof text !== 'object')
      attributes.set(key, String(text));
  }
  return attributes;
}

function objectOf(value: unknown, name: string): Fields {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Fields;
  throw invalid(`${name} must be an object, or a list of objects.`);
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw invalid(`${name} must be a list.`);
}
