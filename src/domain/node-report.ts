/** What the agent of a node says about itself and its node with each batch. The newest of each node is kept. */
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
