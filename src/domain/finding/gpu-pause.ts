import type { GpuCourse } from './finding.ts';
import type { Thresholds } from './thresholds.ts';

/** Spans of a course. */
export const GPU_COURSE_POINTS = 60;
/** How many times `gpuPausedSeconds` a course goes back: four times as long is a waste. */
const COURSE_TIMES = 5;

/** Returns how far back the course of GPUs goes. */
export const gpuCourseMs = ({ gpuPausedSeconds }: Pick<Thresholds, 'gpuPausedSeconds'>): number =>
  COURSE_TIMES * gpuPausedSeconds * 1000;

/**
 * Follows for how long the GPUs of a run have done nothing, sample by sample, in the spans of a course. Says
 * the same as the course, in a few numbers in place of 60 points.
 */
export class GpuPause {
  readonly #spanMs: number;
  readonly #idlePercent: number;
  /** The number of the span that samples arrive in. */
  #span = Number.NaN;
  #sum = 0;
  #count = 0;
  /** Closed spans without work up to the latest, and the start of the first of them. */
  #idleSpans = 0;
  #idleFromMs = Number.NaN;
  #wasBusy = false;

  constructor(thresholds: Pick<Thresholds, 'gpuPausedSeconds' | 'gpuIdlePercent'>) {
    this.#spanMs = Math.max(1, gpuCourseMs(thresholds) / GPU_COURSE_POINTS);
    this.#idlePercent = thresholds.gpuIdlePercent;
  }

  /** Adds a sample; one of a span before that of the latest does not count. */
  add(timeMs: number, gpuPercent: number): void {
    const span = Math.floor(timeMs / this.#spanMs);
    if (span < this.#span) return;
    if (span > this.#span) this.#close();
    this.#span = span;
    this.#sum += gpuPercent;
    this.#count++;
  }

  /** Whether all that is known of them is idle, so that they may have been for longer. */
  get isIdleThroughout(): boolean {
    return !this.#wasBusy && this.#count > 0 && !this.#isBusyNow();
  }

  /** Adds what a course, whose last point is of the latest sample, has of the time before the first one. */
  addPast({ timesMs, gpuPercent }: GpuCourse): void {
    const busy = gpuPercent.findLastIndex((percent) => percent >= this.#idlePercent);
    const idle = timesMs.filter((_, at) => at > busy && !Number.isNaN(gpuPercent[at]!));
    this.#wasBusy = busy >= 0;
    // The last point is of the span that samples arrive in.
    if (idle.length < 2) return;
    this.#idleFromMs = Math.min(idle[0]!, this.#idleSpans > 0 ? this.#idleFromMs : Number.POSITIVE_INFINITY);
    this.#idleSpans = Math.max(this.#idleSpans, idle.length - 1);
  }

  /** Returns a course that rules judge alike: its last points without work, after one with some. */
  course(): GpuCourse | undefined {
    if (this.#count === 0 || this.#isBusyNow()) return undefined;
    const spans = this.#idleSpans + 1;
    const fromMs = this.#idleSpans > 0 ? this.#idleFromMs : this.#span * this.#spanMs;
    const idle = Array.from(
      { length: Math.min(spans, GPU_COURSE_POINTS) },
      (_, at) => fromMs + at * this.#spanMs,
    );
    return this.#wasBusy
      ? { timesMs: [fromMs - this.#spanMs, ...idle], gpuPercent: [100, ...idle.map(() => 0)] }
      : { timesMs: idle, gpuPercent: idle.map(() => 0) };
  }

  #isBusyNow(): boolean {
    return this.#sum / this.#count >= this.#idlePercent;
  }

  #close(): void {
    if (this.#count === 0) return;
    if (this.#isBusyNow()) {
      this.#wasBusy = true;
      this.#idleSpans = 0;
    } else {
      if (this.#idleSpans === 0) this.#idleFromMs = this.#span * this.#spanMs;
      this.#idleSpans++;
    }
    this.#sum = 0;
    this.#count = 0;
  }
}
