import type { Job } from '../job.ts';
import type { MeasureName } from '../measure.ts';
import type { Sizing } from '../sizing/sizing.ts';
import type { JobRun } from '../store/runs.ts';
import type { FindingKind } from './severity.ts';
import type { Thresholds } from './thresholds.ts';

/** What a run can be judged by. */
export const SUBJECTS = ['end', 'queue', 'gpu', 'cpu', 'nodes', 'memory', 'time'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** The documented values and the further measures. */
export type EvidenceMeasure = MeasureName | 'cpu_usage' | 'memory_usage_mb' | 'gpu_usage';

/** Where in what was measured a finding can be seen. */
export interface Evidence {
  readonly measure: EvidenceMeasure;
  /** UUIDs of the GPUs that it speaks of; all of them if absent. */
  readonly gpus?: readonly string[];
  /** The whole run if absent. */
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** Something about a run that is worth changing. */
export interface Finding extends FindingKind {
  readonly subject: Subject;
  /** One sentence with its numbers. */
  readonly message: string;
  /** What to do, ready to be copied into a job script; absent where that depends on the program. */
  readonly action?: string;
  /** The nodes that it speaks of; all of them if absent. */
  readonly nodes?: readonly string[];
  /** Jobs that it speaks of beside the run: tasks of an array, or others on its node; ten at most. */
  readonly jobs?: readonly string[];
  /** Absent where the scheduler's word is the evidence. */
  readonly evidence?: Evidence;
}

/** What a rule makes of a run: a finding, all well, or why it cannot say. */
export type Judgement = Finding | 'fine' | { readonly unjudged: string };

/** What there is on a node, as its agent reports. */
export interface NodeSize {
  readonly cpus?: number;
  readonly gpus?: number;
}

/** The memory of a run over time, all nodes together. */
export interface MemoryCourse {
  readonly timesMs: readonly number[];
  /** Means of equal spans, in MB of 2^20 bytes; NaN where nothing was measured. */
  readonly memoryMb: readonly number[];
}

/** The use of the GPUs of a run lately, all of them together. */
export interface GpuCourse {
  readonly timesMs: readonly number[];
  /** Means of equal spans; NaN where nothing was measured. */
  readonly gpuPercent: readonly number[];
}

/** What a rule looks at: a run with the summary of its samples, and what the caller has read beside. */
export interface Facts extends Omit<JobRun, 'run'> {
  readonly nowMs: number;
  readonly thresholds: Thresholds;
  /** Sizes of nodes of the run; those without a report are missing. */
  readonly nodeSizes?: ReadonlyMap<string, NodeSize> | undefined;
  readonly memoryCourse?: MemoryCourse;
  readonly gpuCourse?: GpuCourse;
  /** What runs like it needed; actions ask for no less. */
  readonly sizing?: Sizing;
  /** Other jobs that failed within a minute on the first node in the hour before the end of this one. */
  readonly failedBeside?: number;
  /** Other jobs that a failing node ended when it ended this one. */
  readonly lostBeside?: readonly Pick<Job, 'id' | 'nodes'>[];
  /** The name of the user who cancelled it. */
  readonly canceller?: string | undefined;
}

/** Judges one subject of a run; undefined where the rule does not apply. Pure. */
export interface Rule {
  readonly subject: Subject;
  /** The kinds of findings that it can make, and when it does. */
  readonly kinds: Readonly<Record<string, string>>;
  /** Findings that say more of the same: the rule keeps silent beside them. They are of rules before it. */
  readonly unless?: readonly string[];
  readonly judge: (facts: Facts) => Judgement | undefined;
}
