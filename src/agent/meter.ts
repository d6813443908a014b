import type { Measured, MeasureName } from '../domain/measure.ts';
import { MEASURES } from '../domain/measure.ts';

/** Values from one place. */
export interface MeterPart {
  /**
   * Names the place for as long as its counters count: the inode of a directory. Another place begins at 0.
   */
  readonly source: string;
  readonly values: Measured;
  /** The counters lose what processes take with them, so that a fall is never a new start. */
  readonly isLossy?: boolean;
}

/** What a meter remembers of a job; plain JSON, so that it can be kept over a restart of the agent. */
export interface JobMeter {
  /** Last values of counters by measure and source. */
  last: Record<string, number>;
  totals: Partial<Record<MeasureName, number>>;
  peakBytes?: number;
  /** Start of the span of the next `cpus_used`: monotonic milliseconds and the CPU seconds by then. */
  span?: { ms: number; cpuSeconds: number };
}

/** Shorter spans say more about the clock than about the job. */
const LEAST_SPAN_MS = 1000;
/** Jobs that are remembered; a node of a job may have no step for days. */
const MAX_JOBS = 20_000;

/**
 * Counts on where Slurm deletes the directory of a job at the end of its last step and makes it again for the
 * next, so that the kernel's counters begin at 0. Times are of a monotonic clock, in milliseconds.
 */
export interface Meter {
  /** Says that a job began now, so that its first reading has a span to tell `cpus_used` for. */
  begin(key: string, nowMs: number): void;
  /**
   * Returns the values of a reading with counters that count on, and `cpus_used` if a second or more passed.
   */
  read(key: string, parts: readonly MeterPart[], nowMs: number): Measured;
  /** Forgets a run: a job that is requeued counts from 0 again. */
  forget(key: string): void;
  /**
   * Returns what to keep over a restart of the agent; inodes and the clock are others after one of the node.
   */
  save(): Record<string, JobMeter>;
}

/** Starts with what another meter saved since the node started. */
export function createMeter(saved: Readonly<Record<string, JobMeter>> = {}): Meter {
  const jobs = new Map(Object.entries(structuredClone(saved)));
  function jobOf(key: string): JobMeter {
    const job = jobs.get(key) ?? { last: {}, totals: {} };
    // The map is in the order of use: the first was not seen for longest.
    jobs.delete(key);
    jobs.set(key, job);
    if (jobs.size > MAX_JOBS) jobs.delete(jobs.keys().next().value!);
    return job;
  }
  return {
    begin(key, nowMs) {
      jobOf(key).span ??= { ms: nowMs, cpuSeconds: 0 };
    },
    read: (key, parts, nowMs) => readJob(jobOf(key), parts, nowMs),
    forget: (key) => void jobs.delete(key),
    save: () => Object.fromEntries(jobs),
  };
}

function readJob(job: JobMeter, parts: readonly MeterPart[], nowMs: number): Measured {
  const values: Partial<Record<MeasureName, number>> = {};
  const last: Record<string, number> = {};
  for (const { source, values: raw, isLossy = false } of parts) {
    for (const [name, value] of Object.entries(raw) as [MeasureName, number][]) {
      if (MEASURES.get(name)?.kind !== 'counter') {
        // Steps without cgroups have a part each.
        values[name] = (values[name] ?? 0) + value;
        continue;
      }
      const place = `${name} ${source}`;
      last[place] = value;
      job.totals[name] = (job.totals[name] ?? 0) + growth(job.last[place] ?? 0, value, isLossy);
      values[name] = job.totals[name];
    }
  }
  // What could not be read now counts on from where it was.
  const isRead = (place: string) => place.slice(0, place.indexOf(' ')) in values;
  for (const [place, value] of Object.entries(job.last)) if (!isRead(place)) last[place] = value;
  job.last = last;
  return { ...values, ...peakOf(job, values), ...usedSince(job, values.cpu_seconds, nowMs) };
}

/**
 * A fall to less than half is a new start, because kernels before 5.5 may give a new directory the inode of
 * the old one. A smaller one is rounding, or a step or a device that took its counts with it.
 */
function growth(before: number, now: number, isLossy: boolean): number {
  if (now >= before) return now - before;
  return !isLossy && now < before / 2 ? now : 0;
}

function peakOf(job: JobMeter, { memory_peak_bytes: peakBytes }: Measured): Measured {
  if (peakBytes === undefined) return {};
  job.peakBytes = Math.max(job.peakBytes ?? 0, peakBytes);
  return { memory_peak_bytes: job.peakBytes };
}

function usedSince(job: JobMeter, cpuSeconds: number | undefined, nowMs: number): Measured {
  if (cpuSeconds === undefined) return {};
  const spanMs = job.span === undefined ? 0 : nowMs - job.span.ms;
  if (job.span !== undefined && spanMs < LEAST_SPAN_MS) return {};
  const used = job.span && (cpuSeconds - job.span.cpuSeconds) / (spanMs / 1000);
  job.span = { ms: nowMs, cpuSeconds };
  return used === undefined ? {} : { cpus_used: used };
}
