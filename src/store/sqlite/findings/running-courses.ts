import type { Database } from 'bun:sqlite';
import { type Courses, gpuCourseOf, memoryCourseOf } from '../../../domain/finding/courses.ts';
import type { Facts, GpuCourse, MemoryCourse } from '../../../domain/finding/finding.ts';
import { GPU_COURSE_POINTS, gpuCourseMs } from '../../../domain/finding/gpu-pause.ts';
import { MEMORY_GROWS } from '../../../domain/finding/memory-grows.ts';
import { MEMORY_COURSE_POINTS, mayGrow } from '../../../domain/finding/memory-room.ts';
import type { Job } from '../../../domain/job.ts';
import type { LiveJob } from '../samples/live-series.ts';
import { readingReader } from '../samples/read.ts';

/** A trace that begins so much later than its run, as a share of its time, is worth a plot. */
const MISSED_SHARE = 0.1;

/** How many plots a step may still read: some milliseconds each. Jobs that need one more wait for a round. */
export interface PlotBudget {
  left: number;
}

/** What courses are made for. */
type JobFacts = Pick<Facts, 'job' | 'summary' | 'thresholds' | 'nowMs'>;

/** What is remembered of a job beside its samples. */
interface Looked {
  /** Whether the time before the first sample in memory was read. */
  hasGpuPast: boolean;
  hasMemoryPast: boolean;
  /** The last span of the trace that was looked at, and the trace if its memory grows. */
  memoryMs: number;
  growing: MemoryCourse | undefined;
}

/** Returns what the memory and the GPUs of running jobs did lately, where rules may find something in it. */
export function runningCourses() {
  const looked = new WeakMap<LiveJob, Looked>();

  function* readGpu(db: Database, facts: JobFacts, samples: LiveJob, plots: PlotBudget, known: Looked) {
    const { job, summary, thresholds, nowMs } = facts;
    if (!job.details?.gpus) return undefined;
    const wasBusy = (summary.whole.gpuUsage?.max ?? 0) >= thresholds.gpuIdlePercent;
    if (wasBusy && !known.hasGpuPast && plots.left > 0 && samples.pause.isIdleThroughout) {
      plots.left--;
      known.hasGpuPast = true;
      const query = { fromMs: nowMs - gpuCourseMs(thresholds) };
      const { points } = yield* readingReader(db).plot(job.id, query, GPU_COURSE_POINTS, 'all');
      samples.pause.addPast(gpuCourseOf(points));
    }
    return samples.pause.course();
  }

  function* readMemory(db: Database, facts: JobFacts, samples: LiveJob, plots: PlotBudget, known: Looked) {
    const { job, nowMs } = facts;
    if (!mayGrow(facts)) return undefined;
    const nodes = job.nodes.length;
    if (!known.hasMemoryPast && plots.left > 0 && isCutOff(job, samples, nowMs)) {
      plots.left--;
      known.hasMemoryPast = true;
      const { points } = yield* readingReader(db).plot(job.id, {}, MEMORY_COURSE_POINTS, 'all');
      samples.memory.replace(memoryCourseOf(points, nodes), nodes);
    }
    // Slopes are worth a look when there is another point.
    if (samples.memory.lastMs !== known.memoryMs) {
      known.memoryMs = samples.memory.lastMs;
      const memoryCourse = samples.memory.course(nodes);
      const judged = MEMORY_GROWS.judge({ ...facts, memoryCourse });
      known.growing = typeof judged === 'object' && 'kind' in judged ? memoryCourse : undefined;
    }
    return known.growing;
  }

  return function* (
    db: Database,
    facts: JobFacts,
    samples: LiveJob,
    plots: PlotBudget,
  ): Generator<undefined, Courses> {
    const known = looked.get(samples) ?? {
      ...{ hasGpuPast: false, hasMemoryPast: false, memoryMs: Number.NaN, growing: undefined },
    };
    looked.set(samples, known);
    const gpuCourse: GpuCourse | undefined = yield* readGpu(db, facts, samples, plots, known);
    const memoryCourse: MemoryCourse | undefined = yield* readMemory(db, facts, samples, plots, known);
    return { ...(memoryCourse && { memoryCourse }), ...(gpuCourse && { gpuCourse }) };
  };
}

/** Whether the trace of a job misses the beginning of its run. */
const isCutOff = ({ startTimeMs = 0 }: Job, { memory: { fromMs } }: LiveJob, nowMs: number): boolean =>
  !(fromMs - startTimeMs < MISSED_SHARE * (nowMs - startTimeMs));
