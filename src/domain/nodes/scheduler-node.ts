/** Whether a node takes new jobs: `drained` finishes those that it has, if any; `down` has none. */
export type NodeCondition = 'up' | 'drained' | 'down';

/** GPUs of one model. */
export interface GpuCount {
  /** Absent where the scheduler knows no type. */
  readonly model?: string;
  readonly total: number;
  /** Given to jobs; absent if that is unknown. */
  readonly allocated?: number;
}

/** What the scheduler says of a node. */
export interface SchedulerNode {
  readonly node: string;
  /** In the scheduler's own words: `mixed`, `idle+drain`. */
  readonly state: string;
  readonly condition: NodeCondition;
  /** Why it is drained or down. */
  readonly reason?: string;
  readonly partitions: readonly string[];
  readonly cpus?: number;
  readonly cpusAllocated?: number;
  /** MB of 2^20 bytes. */
  readonly memoryMb?: number;
  readonly memoryAllocatedMb?: number;
  readonly gpus: readonly GpuCount[];
  readonly features: readonly string[];
}

/** All nodes of the scheduler at one moment, by name. */
export interface SchedulerNodes {
  /** When it was asked, in milliseconds since 1970. */
  readonly timeMs: number;
  readonly nodes: ReadonlyMap<string, SchedulerNode>;
}
