/**
 * What the agent of a node says about itself and its node with each batch. The newest of each node is kept.
 */
export interface NodeReport {
  readonly node: string;
  /** The clock of the node when the report was sent. */
  readonly timeMs: number;
  /** The version of the agent. */
  readonly version: string;
  readonly intervalMs: number;
  /** Jobs that the agent found on the node. */
  readonly jobs: number;
  /** Values of the whole node, those of its jobs and others together; what was not measured is absent. */
  readonly values: NodeValues;
  readonly gpus: readonly NodeGpu[];
  readonly collectors: readonly CollectorState[];
}

/** Of a whole node. */
export interface NodeValues {
  readonly cpus?: number;
  /** CPU time since the node started, without idling and waiting for disks. */
  readonly cpuSeconds?: number;
  readonly memoryBytes?: number;
  /** Memory that a new process could have, as the kernel estimates it (MemAvailable). */
  readonly memoryAvailableBytes?: number;
  readonly load1?: number;
  /** CPUs that were busy for the jobs of the node. */
  readonly jobCpusUsed?: number;
  /** Anonymous and shared memory of the jobs of the node. */
  readonly jobMemoryBytes?: number;
}

/** One GPU of a node, held by a job or not. */
export interface NodeGpu {
  /** Its UUID. */
  readonly gpu: string;
  readonly model?: string;
  readonly utilizationPercent?: number;
  readonly memoryUsedBytes?: number;
  readonly memoryTotalBytes?: number;
  readonly powerWatts?: number;
  readonly temperatureCelsius?: number;
}

/** Whether a collector read everything in the last round. */
export interface CollectorState {
  readonly name: string;
  /** What it could not read, and what to do; absent if nothing was amiss. */
  readonly message?: string;
}

/** A report and the time of the server at which it arrived. */
export interface ReceivedReport {
  readonly report: NodeReport;
  readonly receivedMs: number;
}

export const MAX_REPORT_GPUS = 64;
export const MAX_REPORT_COLLECTORS = 64;
/** Characters of a collector's name, and of what it could not read. */
export const MAX_COLLECTOR_NAME_LENGTH = 64;
export const MAX_COLLECTOR_MESSAGE_LENGTH = 512;

/** Nodes whose report is kept; a new one replaces the node that was silent for longest. */
export const MAX_REPORTING_NODES = 100_000;
/** The report of a node that is silent for longer is deleted. */
export const REPORT_LIFE_MS = 30 * 86_400_000;

/** A report is of the present for this long, or for four intervals of its agent. */
const FRESH_MS = 5 * 60_000;

/**
 * Whether a report replaces the known one of its node. Batches of a spool may arrive late, so that an older
 * report changes nothing, unless the time of the known one is still to come: then the clock of the node was
 * ahead, and has been set since.
 */
export const isNewerReport = (
  known: { readonly timeMs: number },
  { report, receivedMs }: ReceivedReport,
): boolean => report.timeMs >= known.timeMs || known.timeMs > receivedMs;

/** Whether a node has not reported for so long that its values are no longer those of the present. */
export const isSilent = ({ report, receivedMs }: ReceivedReport, nowMs: number): boolean =>
  nowMs - receivedMs > Math.max(FRESH_MS, 4 * report.intervalMs);

/** Returns how far the clock of the server is ahead of that of the node, the way of the report included. */
export const clockDifferenceMs = ({ report, receivedMs }: ReceivedReport): number =>
  receivedMs - report.timeMs;
