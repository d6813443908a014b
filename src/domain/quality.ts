import { medianOf } from './interval.ts';
import { type NodeTrace, SILENT_INTERVALS } from './sample-trace.ts';

/** Why there are no samples of a time, judged by the samples around it. */
export const GAP_REASONS = ['not_yet', 'never', 'node_silent', 'all_silent', 'no_more'] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/** A time without samples of some nodes. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly why: GapReason;
  readonly nodes: readonly string[];
  /** Samples that are missing, of all these nodes. */
  readonly missing: number;
}

/** What was received of a node. */
export interface NodeQuality {
  readonly node: string;
  readonly expected: number;
  readonly received: number;
  readonly intervalMs?: number;
}

/** How complete the samples of a run are. */
export interface Quality {
  readonly expected: number;
  readonly received: number;
  readonly intervalMs?: number;
  readonly nodes: readonly NodeQuality[];
  /** The longest, in order. */
  readonly gaps: readonly Gap[];
}

interface Observed {
  /** The nodes of the run. */
  readonly nodes: readonly string[];
  /** Absent if the run has not started. */
  readonly startMs?: number | undefined;
  /** The end of the run, or now. */
  readonly endMs: number;
  readonly hasEnded: boolean;
  readonly traces: readonly NodeTrace[];
}

const MAX_GAPS = 100;
/** Gaps of single nodes that are compared with each other: a few milliseconds. */
const MAX_COMPARED = 5000;
/** Samples of a running job may be on their way for so long. */
const ON_THE_WAY_MS = 60_000;

/**
 * Judges how complete the samples of a run are. A node is expected to report once in its typical interval
 * from the start of the run to its end, or until now; one that never did, as often as the others. Nothing
 * can be expected of a run without any interval: then what was received is all that is known.
 */
export function judgeQuality(observed: Observed): Quality {
  const { nodes, traces } = observed;
  const typicalMs = medianOf(traces.map(({ intervalMs }) => intervalMs).filter((one) => one > 0));
  const known = new Set(nodes);
  const byNode = new Map(traces.map((trace) => [trace.node, trace]));
  // A job without nodes may have samples, and a run may have lost a node.
  const all = [...nodes, ...traces.map(({ node }) => node).filter((node) => !known.has(node))];
  const perNode = Math.max(1, Math.floor(MAX_COMPARED / Math.max(all.length, 1)));
  const gaps: Gap[] = [];
  const rows = all.map((node): NodeQuality => {
    const trace = byNode.get(node);
    const intervalMs = trace?.intervalMs || typicalMs;
    const edges = intervalMs > 0 ? edgesOf(node, trace, intervalMs, observed) : [];
    const silences = longestOf(trace?.silences ?? [], perNode);
    const own = [...edges, ...silences.map((one): Gap => ({ ...one, why: 'node_silent', nodes: [node] }))];
    if (gaps.length < MAX_COMPARED) gaps.push(...own);
    const received = trace?.samples ?? 0;
    const missing = edges.reduce((sum, edge) => sum + edge.missing, trace?.missing ?? 0);
    return { node, expected: received + missing, received, ...(intervalMs > 0 && { intervalMs }) };
  });
  return {
    expected: rows.reduce((sum, { expected }) => sum + expected, 0),
    received: rows.reduce((sum, { received }) => sum + received, 0),
    ...(typicalMs > 0 && { intervalMs: typicalMs }),
    nodes: rows,
    gaps: longestOf(joinGaps(gaps, { nodes: rows.length, nearMs: SILENT_INTERVALS * typicalMs }), MAX_GAPS),
  };
}

/** Returns what is missing of a node before its first sample and after its last, or all of it. */
function edgesOf(
  node: string,
  trace: NodeTrace | undefined,
  intervalMs: number,
  { startMs, endMs, hasEnded }: Observed,
): Gap[] {
  if (startMs === undefined) return [];
  const lateMs = SILENT_INTERVALS * intervalMs;
  const patienceMs = Math.max(lateMs, hasEnded ? 0 : ON_THE_WAY_MS);
  const gap = (why: GapReason, fromMs: number, toMs: number): Gap => {
    const intervals = Math.round((toMs - fromMs) / intervalMs);
    return { fromMs, toMs, why, nodes: [node], missing: why === 'never' ? intervals : intervals - 1 };
  };
  if (!trace) return endMs - startMs > patienceMs ? [gap('never', startMs, endMs)] : [];
  const edges: Gap[] = [];
  if (trace.firstMs - startMs > lateMs) edges.push(gap('not_yet', startMs, trace.firstMs));
  if (endMs - trace.lastMs > patienceMs) edges.push(gap('no_more', trace.lastMs, endMs));
  return edges;
}

/** Joins the gaps of nodes that fell silent and came back together. */
function joinGaps(gaps: readonly Gap[], { nodes, nearMs }: { nodes: number; nearMs: number }): Gap[] {
  const slotOf = (timeMs: number) => Math.floor(timeMs / Math.max(1, nearMs));
  const together = new Map<string, { fromMs: number; toMs: number; why: GapReason; all: Gap[] }>();
  for (const gap of gaps.toSorted((one, other) => one.fromMs - other.fromMs)) {
    const [from, to] = [slotOf(gap.fromMs), slotOf(gap.toMs)];
    const keys = [from, from - 1].flatMap((one) =>
      [to, to - 1, to + 1].map((other) => `${gap.why} ${one} ${other}`),
    );
    const key = keys.find((one) => together.has(one));
    if (key === undefined) together.set(keys[0]!, { ...gap, all: [gap] });
    else {
      const known = together.get(key)!;
      known.toMs = Math.max(known.toMs, gap.toMs);
      known.all.push(gap);
    }
  }
  return [...together.values()].map(({ fromMs, toMs, why, all }) => {
    const silent = [...new Set(all.flatMap((gap) => gap.nodes))].sort();
    const missing = all.reduce((sum, gap) => sum + gap.missing, 0);
    const isAll = why === 'node_silent' && nodes > 1 && silent.length === nodes;
    return { fromMs, toMs, why: isAll ? 'all_silent' : why, nodes: silent, missing };
  });
}

/** Returns those that lack most samples, in order of time. */
const longestOf = <One extends { fromMs: number; missing: number }>(
  all: readonly One[],
  most: number,
): One[] =>
  all
    .toSorted((one, other) => other.missing - one.missing)
    .slice(0, most)
    .sort((one, other) => one.fromMs - other.fromMs);
