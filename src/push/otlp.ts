import { isSample, isType, linesIn, readType } from './lines.ts';
import type { Body } from './receiver.ts';

// OTLP in JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): integers of 64 bits are
// texts.

const MAX_SAMPLES = 5000;
const CUMULATIVE = 2;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+) (\d+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}

/** A data point in JSON: writing points one by one keeps turns of the event loop short. */
type Point = string;

/** A family, as OTLP has it, without points. */
interface Family {
  readonly name: string;
  readonly type: string;
}

/** The parts of a histogram of one series, as the text format has them. */
interface Histogram {
  readonly attributes: readonly Attribute[];
  readonly timeUnixNano: string;
  /** Cumulative counts by upper bound, the last one without. */
  readonly buckets: (readonly [bound: number, count: number])[];
  sum: number;
  count: number;
}

/** Who sends: `job` and `instance` in Prometheus. */
export interface Origin {
  readonly job: string;
  readonly instance: string;
}

/**
 * Cuts a snapshot into bodies of OTLP/HTTP. Counters are cumulative sums, histograms have explicit bounds;
 * names are those of /metrics.
 */
export async function* otlpBodies(text: Uint8Array, origin: Origin): AsyncGenerator<Body> {
  const request = startRequest(origin);
  for await (const lines of linesIn(text)) {
    for (const line of lines) request.read(line);
    if (request.isFull()) yield request.take();
  }
  const last = request.take();
  if (last.samples > 0) yield last;
}

/** A request as it grows, line by line. */
function startRequest(origin: Origin) {
  const metrics = new Map<string, { family: Family; points: Point[] }>();
  const histograms = new Map<string, Histogram>();
  let family: Family = { name: '', type: '' };
  let samples = 0;

  function add(point: Point): void {
    const metric = metrics.get(family.name) ?? { family, points: [] };
    metrics.set(family.name, metric);
    metric.points.push(point);
  }

  function endFamily(): void {
    for (const histogram of histograms.values()) add(histogramPoint(histogram));
    histograms.clear();
  }

  function readSample(line: string): void {
    const read = SAMPLE.exec(line);
    if (!read) return;
    const [, name, labels = '', value, timeMs] = read;
    if (family.type === 'histogram') addPart(histograms, family.name, [name!, labels, value!, timeMs!]);
    else if (Number.isFinite(Number(value)))
      add(
        JSON.stringify({
          attributes: attributesOf(labels),
          timeUnixNano: nanosOf(timeMs!),
          asDouble: Number(value),
        }),
      );
  }

  return {
    read(line: string): void {
      if (isType(line)) {
        endFamily();
        const [name, type] = readType(line);
        family = { name, type };
      } else if (isSample(line)) {
        samples++;
        readSample(line);
      }
    },
    /** A histogram is never cut. */
    isFull: () => samples >= MAX_SAMPLES && histograms.size === 0,
    /** Returns what was read since the last call. */
    take(): Body {
      endFamily();
      const body = { text: requestOf(metrics.values(), origin), samples };
      metrics.clear();
      samples = 0;
      return body;
    },
  };
}

const nanosOf = (timeMs: string): string => `${timeMs}000000`;

const ESCAPED: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };

const attributesOf = (labels: string): Attribute[] =>
  [...labels.matchAll(LABEL)].map(([, key, value]) => ({
    key: key!,
    value: { stringValue: value!.replace(/\\[\\"n]/g, (two) => ESCAPED[two]!) },
  }));

/** Adds one line of a histogram to that of its series. */
function addPart(
  histograms: Map<string, Histogram>,
  base: string,
  [name, labels, value, timeMs]: readonly [name: string, labels: string, value: string, timeMs: string],
): void {
  const bound = /(?:^|,)le="([^"]*)"/.exec(labels);
  const rest = bound ? labels.replace(bound[0], '').replace(/^,/, '') : labels;
  const histogram = histograms.get(rest) ?? {
    attributes: attributesOf(rest),
    timeUnixNano: nanosOf(timeMs),
    buckets: [],
    sum: 0,
    count: 0,
  };
  histograms.set(rest, histogram);
  const number = Number(value);
  if (bound)
    histogram.buckets.push([bound[1] === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound[1]), number]);
  else if (name === `${base}_sum`) histogram.sum = number;
  else histogram.count = number;
}

/** OTLP counts each bucket by itself, where the text format counts everything up to its bound. */
function histogramPoint({ attributes, timeUnixNano, buckets, sum, count }: Histogram): Point {
  const sorted = buckets.toSorted(([one], [other]) => one - other);
  return JSON.stringify({
    attributes,
    timeUnixNano,
    count: String(count),
    sum,
    explicitBounds: sorted.map(([bound]) => bound).filter(Number.isFinite),
    bucketCounts: sorted.map(([, upTo], index) => String(upTo - (sorted[index - 1]?.[1] ?? 0))),
  });
}

function requestOf(
  metrics: Iterable<{ family: Family; points: Point[] }>,
  { job, instance }: Origin,
): string {
  const attribute = (key: string, stringValue: string): Attribute => ({ key, value: { stringValue } });
  const resource = {
    attributes: [attribute('service.name', job), attribute('service.instance.id', instance)],
  };
  const texts = [...metrics].map(({ family, points }) => metricOf(family, points));
  return (
    `{"resourceMetrics":[{"resource":${JSON.stringify(resource)},` +
    `"scopeMetrics":[{"scope":{"name":"hpc-observe"},"metrics":[${texts.join(',')}]}]}]}`
  );
}

function metricOf({ name, type }: Family, points: readonly Point[]): string {
  const dataPoints = `"dataPoints":[${points.join(',')}]`;
  const cumulative = `"aggregationTemporality":${CUMULATIVE},`;
  if (type === 'counter') return `{"name":"${name}","sum":{${cumulative}"isMonotonic":true,${dataPoints}}}`;
  if (type === 'histogram') return `{"name":"${name}","histogram":{${cumulative}${dataPoints}}}`;
  return `{"name":"${name}","gauge":{${dataPoints}}}`;
}
