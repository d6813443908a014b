import type { EnergyCounter } from './collectors/rapl.ts';

/** The CPUs of a node. */
export interface NodeCpu {
  readonly cpus: number;
  /** CPU time since the node started, without idling. */
  readonly busySeconds: number;
}

/** Sums of a node since the agent began to count; plain JSON. */
export interface NodeEnergy {
  /** On a monotonic clock. */
  readonly ms: number;
  readonly cpu: NodeCpu;
  /** Energy of the CPUs beyond what they take idling, over the time for which both are known. */
  readonly activeJoules: number;
  readonly idleJoules: number;
  readonly cpuPowerSeconds: number;
  /** Energy of the whole node. */
  readonly nodeJoules: number;
  readonly nodePowerSeconds: number;
}

/** What was read at one moment; no counters where there are none, or where they could not be read. */
export interface EnergyReading {
  readonly ms: number;
  readonly cpu: NodeCpu;
  readonly packages: readonly EnergyCounter[];
  readonly node: readonly EnergyCounter[];
}

/** What is kept over a restart of the agent; `idleWatts` also over one of the node. */
export interface SavedNodeEnergy {
  readonly idleWatts?: number;
  readonly last?: { readonly reading: EnergyReading; readonly sums: NodeEnergy };
}

/** A node is taken as idle while its CPUs are busy for no more than this share of a span... */
const IDLE_SHARE = 0.02;
/** ...of at least this length, because the kernel counts busy time in hundredths of seconds. */
const IDLE_SPAN_MS = 5000;
/** More than any processor or node takes; a counter that says so was set anew. */
const MAX_PACKAGE_WATTS = 2000;
const MAX_NODE_WATTS = 100_000;

/**
 * Sums the energy of a node, and learns how much its CPUs take idling: the least power of a span in which
 * they were idle. Until then their energy cannot be divided, and counts for no one.
 */
export interface NodeMeter {
  add(reading: EnergyReading): NodeEnergy;
  /** Power of the idle CPUs; undefined until the node was idle once. */
  idleWatts(): number | undefined;
  save(): SavedNodeEnergy;
}

interface NodeMeterOptions {
  /** Nobody knows what happened between two readings that lie further apart. */
  readonly longestSpanMs: number;
  readonly saved?: SavedNodeEnergy;
}

export function createNodeMeter({ longestSpanMs, saved = {} }: NodeMeterOptions): NodeMeter {
  let { idleWatts, last } = saved;
  /** A span that may be idle. */
  let span: { readonly ms: number; readonly busySeconds: number; joules: number } | undefined;

  function learnIdle({ ms, cpu }: EnergyReading, joules: number | undefined): void {
    if (span !== undefined && joules !== undefined) {
      span.joules += joules;
      const spanMs = ms - span.ms;
      if (spanMs < IDLE_SPAN_MS) return;
      const busy = (cpu.busySeconds - span.busySeconds) / (spanMs / 1000) / cpu.cpus;
      if (busy <= IDLE_SHARE)
        idleWatts = Math.min(idleWatts ?? Number.POSITIVE_INFINITY, span.joules / (spanMs / 1000));
    }
    span = { ms, busySeconds: cpu.busySeconds, joules: 0 };
  }

  return {
    add(reading) {
      const spanMs = last === undefined ? 0 : reading.ms - last.reading.ms;
      const isKnown = last !== undefined && spanMs > 0 && spanMs <= longestSpanMs;
      const seconds = isKnown ? spanMs / 1000 : 0;
      const before = isKnown ? last?.reading : undefined;
      const cpuJoules = growth(before?.packages, reading.packages, MAX_PACKAGE_WATTS * seconds);
      const nodeJoules = growth(before?.node, reading.node, MAX_NODE_WATTS * seconds);
      learnIdle(reading, cpuJoules);
      const sums = addCpu(last?.sums ?? NO_ENERGY, seconds, cpuJoules, idleWatts);
      last = {
        reading,
        sums: {
          ...sums,
          ms: reading.ms,
          cpu: reading.cpu,
          nodeJoules: sums.nodeJoules + (nodeJoules ?? 0),
          nodePowerSeconds: sums.nodePowerSeconds + (nodeJoules === undefined ? 0 : seconds),
        },
      };
      return last.sums;
    },
    idleWatts: () => idleWatts,
    save: () => ({ ...(idleWatts !== undefined && { idleWatts }), ...(last && { last }) }),
  };
}

type Sums = Omit<NodeEnergy, 'ms' | 'cpu'>;
const NO_ENERGY: Sums = {
  activeJoules: 0,
  idleJoules: 0,
  cpuPowerSeconds: 0,
  nodeJoules: 0,
  nodePowerSeconds: 0,
};

/** Adds the energy of CPUs in a span; nothing if it, or their power when idling, is unknown. */
function addCpu(
  sums: Sums,
  seconds: number,
  joules: number | undefined,
  idleWatts: number | undefined,
): Sums {
  if (joules === undefined || idleWatts === undefined) return sums;
  const idleJoules = Math.min(joules, idleWatts * seconds);
  return {
    ...sums,
    activeJoules: sums.activeJoules + joules - idleJoules,
    idleJoules: sums.idleJoules + idleJoules,
    cpuPowerSeconds: sums.cpuPowerSeconds + seconds,
  };
}

/** The growth of some counters; undefined if one is missing, or grew by more than `maxJoules`. */
function growth(
  before: readonly EnergyCounter[] | undefined,
  now: readonly EnergyCounter[],
  maxJoules: number,
): number | undefined {
  if (before === undefined || now.length === 0 || now.length !== before.length) return undefined;
  let sum = 0;
  for (const [position, { name, joules, wrapJoules = 0 }] of now.entries()) {
    const was = before[position]!;
    const grown = joules >= was.joules ? joules - was.joules : joules - was.joules + wrapJoules;
    if (name !== was.name || grown < 0 || grown > maxJoules) return undefined;
    sum += grown;
  }
  return sum;
}
