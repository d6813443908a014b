import { spanCollector } from '../../domain/spans.ts';
import { makeSparkline, type Sparkline, sparklineSpans } from '../../domain/sparkline.ts';

/** Unsealed samples of a node that are read for one point: 100 jobs of 4 nodes have 96,000 in an hour. */
const SAMPLES_A_POINT = 2;
/** Nodes that are added up one by one. The differences between more of them even out. */
const MAX_PARTS = 16;
/** Unsealed samples that are read of one job, however many nodes it has. */
const MAX_SAMPLES = 4000;

/** A series of a job. */
export interface SeriesRow {
  readonly id: number;
  readonly node: number;
  readonly sealed?: number;
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
}

type Collector = ReturnType<typeof spanCollector>;

/** What is known of a job before its samples are read. */
export interface Outline {
  readonly id: string;
  readonly job: number;
  readonly series: readonly SeriesRow[];
  readonly nodes: number;
  readonly spans: ReturnType<typeof sparklineSpans>;
  /** Of each node; of many nodes one for all. */
  readonly collectors: Map<number, Collector>;
  /** Until when the samples of each node are sealed. */
  readonly sealedMs: Map<number, number>;
}

/** Returns the sparkline of what was collected of a job; undefined if that is nothing. */
export function lineOf({ id, collectors, spans, nodes }: Outline): Sparkline | undefined {
  const parts = Array.from(collectors.values(), (collector) => collector.sums());
  return parts.some(({ count }) => count > 0) ? makeSparkline(id, parts, spans, nodes) : undefined;
}

/** Returns what is known of a job before its samples are read. */
export function outlineOf(id: string, job: number, series: readonly SeriesRow[], points: number): Outline {
  const firstMs = series.reduce((least, { oldestMs }) => Math.min(least, oldestMs ?? Infinity), Infinity);
  const lastMs = series.reduce((most, { newestMs }) => Math.max(most, newestMs ?? 0), 0);
  const spans = sparklineSpans(Math.min(firstMs, lastMs), lastMs, points);
  const nodes = new Set(series.map(({ node }) => node)).size;
  return { id, job, series, nodes, spans, collectors: new Map(), sealedMs: new Map() };
}

/** Returns what collects the samples of a node. */
export function collectorOf({ nodes, spans, collectors }: Outline, node: number): Collector {
  const part = nodes > MAX_PARTS ? 0 : node;
  const known = collectors.get(part) ?? spanCollector(spans);
  collectors.set(part, known);
  return known;
}

/**
 * Returns of each series of `outlines`, in their order, which of its unsealed samples are read: each so
 * many-th.
 */
export function stridesOf(outlines: readonly Outline[], counts: Uint32Array): number[] {
  const owners = outlines.flatMap((outline) => outline.series.map(() => outline));
  const series = outlines.flatMap((outline) => outline.series);
  const totals = new Map<Outline, number>();
  for (const [place, owner] of owners.entries()) totals.set(owner, (totals.get(owner) ?? 0) + counts[place]!);
  return series.map(({ node, newestMs }, place) => {
    const owner = owners[place]!;
    const fromMs = owner.sealedMs.get(node) ?? owner.spans.originMs;
    const points = 1 + Math.ceil(Math.max(0, newestMs! - fromMs) / owner.spans.spanMs);
    const enough = Math.floor(counts[place]! / (SAMPLES_A_POINT * points));
    return Math.max(1, enough, Math.ceil(totals.get(owner)! / MAX_SAMPLES));
  });
}
