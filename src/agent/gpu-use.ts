import type { Measured } from '../domain/measure.ts';
import type { GpuReading } from './reading.ts';

/** What was added up of the GPUs of a job; plain JSON, so that it can be kept over a restart of the agent. */
export interface JobGpuUse {
  /** Absent until one GPU was known to be held, or its power or utilization was known. */
  heldSeconds?: number;
  idleSeconds?: number;
  powerSeconds?: number;
  joules?: number;
  /** Last readings by UUID. */
  readonly last: Record<string, LastReading>;
}

interface LastReading {
  readonly heldMs: number;
  readonly power?: { readonly ms: number; readonly watts: number };
  readonly idle?: { readonly ms: number; readonly isIdle: boolean };
}

export interface GpuUseReading {
  readonly gpus: ReadonlyMap<string, readonly GpuReading[]>;
  /** When each GPU was read, by UUID; those that have no values now are left out. */
  readonly readMs: ReadonlyMap<string, number>;
}

/**
 * Adds up what jobs had of their GPUs: time held, time idle, and energy, which is power over time by the mean
 * of both ends of each span. Time between readings that lie too far apart counts nothing, so that all of them
 * are at most too small. A GPU of several jobs counts for none. Times are of a monotonic clock.
 */
export interface GpuUse {
  /** Returns what was added up by job, with these readings; jobs without GPUs have none. */
  add(reading: GpuUseReading, nowMs: number): ReadonlyMap<string, Measured>;
  forget(key: string): void;
  save(): Record<string, JobGpuUse>;
}

interface GpuUseOptions {
  /** Nobody knows what happened between two readings that lie further apart. */
  readonly longestSpanMs: number;
  readonly saved?: Readonly<Record<string, JobGpuUse>>;
}

export function createGpuUse({ longestSpanMs, saved = {} }: GpuUseOptions): GpuUse {
  const jobs = new Map(Object.entries(structuredClone(saved)));
  /** The length of a span in seconds; 0 if its begin is unknown, or too long ago. */
  const span = (sinceMs: number | undefined, untilMs: number) =>
    sinceMs === undefined || untilMs < sinceMs || untilMs - sinceMs > longestSpanMs
      ? 0
      : (untilMs - sinceMs) / 1000;

  function addGpu(job: JobGpuUse, { uuid, values }: GpuReading, readMs: number | undefined, nowMs: number) {
    const before = job.last[uuid];
    job.heldSeconds = (job.heldSeconds ?? 0) + span(before?.heldMs, nowMs);
    let { power, idle } = before ?? {};
    const { gpu_power_watts: watts, gpu_utilization_percent: percent } = values;
    if (readMs !== undefined && watts !== undefined) {
      const seconds = span(power?.ms, readMs);
      job.powerSeconds = (job.powerSeconds ?? 0) + seconds;
      job.joules = (job.joules ?? 0) + (((power?.watts ?? 0) + watts) / 2) * seconds;
      power = { ms: readMs, watts };
    }
    if (readMs !== undefined && percent !== undefined) {
      const isIdle = percent === 0;
      const share = (Number(idle?.isIdle ?? false) + Number(isIdle)) / 2;
      job.idleSeconds = (job.idleSeconds ?? 0) + share * span(idle?.ms, readMs);
      idle = { ms: readMs, isIdle };
    }
    return { heldMs: nowMs, ...(power && { power }), ...(idle && { idle }) };
  }

  return {
    add({ gpus, readMs }, nowMs) {
      for (const [key, held] of gpus) {
        const own = held.filter(({ isShared }) => !isShared);
        const known = jobs.get(key);
        if (own.length === 0 && known === undefined) continue;
        const job = known ?? { last: {} };
        jobs.set(key, job);
        const last = own.map((gpu) => [gpu.uuid, addGpu(job, gpu, readMs.get(gpu.uuid), nowMs)] as const);
        // A GPU that the job gave back, or shares from now on, counts no further.
        for (const uuid of Object.keys(job.last)) delete job.last[uuid];
        Object.assign(job.last, Object.fromEntries(last));
      }
      return new Map([...jobs].map(([key, job]) => [key, measuredOf(job)]));
    },
    forget: (key) => void jobs.delete(key),
    save: () => Object.fromEntries(jobs),
  };
}

function measuredOf({ heldSeconds, idleSeconds, powerSeconds, joules }: JobGpuUse): Measured {
  return {
    ...(joules !== undefined && { gpu_energy_joules: joules }),
    ...(heldSeconds !== undefined && { gpu_held_seconds: heldSeconds }),
    ...(idleSeconds !== undefined && { gpu_idle_seconds: idleSeconds }),
    ...(powerSeconds !== undefined && { gpu_power_seconds: powerSeconds }),
  };
}
