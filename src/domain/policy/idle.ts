/** The part of a sample of a node that shows whether it is idle. */
export interface IdleSample {
  readonly timeMs: number;
  readonly node: string;
  /** 0 to 100; NaN where it was not measured. */
  readonly cpu: number;
  readonly gpu: number;
}

/** For how long a run has not used something, up to its latest samples. */
export interface IdleTimes {
  /** Undefined where a node is not measured, not measured lately, or with gaps. */
  readonly gpuMs?: number;
  readonly cpuMs?: number;
  /** The time of the samples that were looked at, of all nodes. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface IdleRules {
  /** The nodes of the run. */
  readonly nodes: readonly string[];
  /** When the run ended, or now. */
  readonly endMs: number;
  /** Below this use in percent a GPU is idle. */
  readonly gpuPercent: number;
  readonly cpuPercent: number;
}

/** A longer time without a sample is a gap in which nobody knows what the job did; agents send every 10 s. */
export const MAX_GAP_MS = 5 * 60_000;

/**
 * Returns for how long all nodes of a run have been idle up to `endMs`: the least of its nodes. Time counts
 * only without gaps, so that what is missing or stale is never taken for idle. `samples` ascend in time.
 */
export function measureIdle(samples: Iterable<IdleSample>, rules: IdleRules): IdleTimes | undefined {
  const traces = traceNodes(rules);
  for (const sample of samples) if (sample.timeMs <= rules.endMs) traces.add(sample);
  const toMs = traces.lastMs();
  if (toMs === undefined || rules.endMs - toMs > MAX_GAP_MS) return undefined;
  return timesOf(traces.firstMs(), toMs, traces.idleMs('gpu', toMs), traces.idleMs('cpu', toMs));
}

/** Returns the longest time that all nodes of a run were idle at once, at any moment of it. */
export function longestIdle(samples: Iterable<IdleSample>, rules: IdleRules): IdleTimes | undefined {
  const traces = traceNodes(rules);
  const longest: { gpu?: number; cpu?: number } = {};
  for (const sample of samples) {
    traces.add(sample);
    const toMs = traces.lastMs();
    if (toMs === undefined || sample.timeMs - toMs > MAX_GAP_MS) continue;
    for (const what of ['gpu', 'cpu'] as const) {
      const ms = traces.idleMs(what, toMs);
      if (ms !== undefined) longest[what] = Math.max(longest[what] ?? 0, ms);
    }
  }
  const toMs = traces.lastMs();
  return toMs === undefined ? undefined : timesOf(traces.firstMs(), toMs, longest.gpu, longest.cpu);
}

const timesOf = (
  fromMs: number,
  toMs: number,
  gpuMs: number | undefined,
  cpuMs: number | undefined,
): IdleTimes => ({
  ...{ fromMs, toMs },
  ...(gpuMs !== undefined && { gpuMs }),
  ...(cpuMs !== undefined && { cpuMs }),
});

interface Trace {
  readonly gpu: Stretch;
  readonly cpu: Stretch;
  readonly lastMs: number;
}

/** Follows the nodes of a run through its samples. */
function traceNodes({ nodes, gpuPercent, cpuPercent }: IdleRules) {
  const traces = new Map<string, Trace>();
  let firstMs = Number.POSITIVE_INFINITY;
  const all = (): Trace[] | undefined => {
    const found = nodes.map((node) => traces.get(node)).filter((trace) => trace !== undefined);
    return found.length > 0 && found.length === nodes.length ? found : undefined;
  };
  return {
    add({ timeMs, node, cpu, gpu }: IdleSample): void {
      firstMs = Math.min(firstMs, timeMs);
      const known = traces.get(node);
      const hasGap = known !== undefined && timeMs - known.lastMs > MAX_GAP_MS;
      traces.set(node, {
        gpu: extend(known?.gpu, timeMs, gpu, { hasGap, below: gpuPercent }),
        cpu: extend(known?.cpu, timeMs, cpu, { hasGap, below: cpuPercent }),
        lastMs: timeMs,
      });
    },
    firstMs: () => firstMs,
    /** Until when every node is known; undefined if one has no sample. */
    lastMs(): number | undefined {
      return all()?.reduce((least, { lastMs }) => Math.min(least, lastMs), Number.POSITIVE_INFINITY);
    },
    /** Returns for how long all nodes have been idle at `toMs`; undefined if one of them is not known. */
    idleMs(what: 'gpu' | 'cpu', toMs: number): number | undefined {
      let sinceMs = 0;
      for (const trace of all() ?? []) {
        const stretch = trace[what];
        if (stretch === 'unknown') return undefined;
        sinceMs = Math.max(sinceMs, stretch.sinceMs ?? toMs);
      }
      return Math.max(0, toMs - sinceMs);
    },
  };
}

/** Since when a node has been idle; undefined while it is busy. */
type Stretch = { readonly sinceMs: number | undefined } | 'unknown';

function extend(
  before: Stretch | undefined,
  timeMs: number,
  value: number,
  { hasGap, below }: { hasGap: boolean; below: number },
): Stretch {
  if (Number.isNaN(value)) return 'unknown';
  if (value >= below) return { sinceMs: undefined };
  const goesOn = before !== undefined && before !== 'unknown' && !hasGap;
  return { sinceMs: (goesOn ? before.sinceMs : undefined) ?? timeMs };
}
