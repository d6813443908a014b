import type { Measured } from '../domain/measure.ts';

/** How a job is named on a node: newer versions of Slurm name the run itself. */
export type JobKey = { readonly jobId: string } | { readonly sluid: string };

/** Returns the name of a job in one word: `4711` or `s685M87SJRW700`. */
export const keyText = (key: JobKey): string => ('sluid' in key ? key.sluid : key.jobId);

/** What was read of one job on this node at one moment. */
export interface JobReading {
  readonly key: JobKey;
  /** When the values were read, on the clock of this node; milliseconds since 1970. */
  readonly timeMs: number;
  readonly values: Measured;
  /** One entry for each GPU that the job holds here, also for those that could not be read. */
  readonly gpus: readonly GpuReading[];
}

/** What was read of one GPU. */
export interface GpuReading {
  /** Its UUID; the number of a GPU may change with every start of the node. */
  readonly uuid: string;
  readonly model?: string;
  /** Other jobs hold it too, so that its values are of no single job, and left out. */
  readonly isShared?: boolean;
  readonly values: Measured;
}

/** Something that could not be read, for counters and for --explain. */
export interface Trouble {
  readonly collector: string;
  /** One sentence: what could not be read, and what to do. */
  readonly message: string;
}
