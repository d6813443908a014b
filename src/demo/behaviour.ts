import type { Sample } from '../domain/sample.ts';
import type { Behaviour } from './draft.ts';
import { type DemoJob, memoryLimitMb } from './life.ts';
import { createRandom } from './random.ts';

type Values = Omit<Sample, 'timeMs'>;

/** A moment in the life of a job on one node. */
interface Moment {
  readonly ageMs: number;
  /** Of the whole life: 0 at the start, 1 at the end. */
  readonly progress: number;
  /** From 0 up to 1, the same for the whole life. */
  readonly character: number;
  /** Returns a value from -1 to 1 that changes smoothly over `periodMs`, independently for each channel. */
  readonly wander: (channel: number, periodMs: number) => number;
}

/** CPU and GPU in percent, memory as a part of what the job may use. */
interface Load {
  readonly cpu: number;
  readonly memory: number;
  readonly gpu?: number;
}

/** A job reads its input and fills its memory for this long. */
const WARM_UP_MS = 120_000;
const MINUTE_MS = 60_000;

const LOADS: Record<Behaviour, (moment: Moment) => Load> = {
  steady: ({ character, wander }) => ({
    cpu: 55 + 35 * character + 4 * wander(0, MINUTE_MS),
    memory: 0.35 + 0.4 * character + 0.02 * wander(1, 10 * MINUTE_MS),
    gpu: 88 + 6 * wander(2, MINUTE_MS) + 4 * character,
  }),

  // Loads data on the CPU, then computes on the GPU, over and over.
  bursty: ({ ageMs, character, wander }) => {
    const roundMs = (4 + 11 * character) * MINUTE_MS;
    const isComputing = (ageMs / roundMs) % 1 > 0.4;
    return {
      cpu: (isComputing ? 28 : 82) + 8 * wander(0, MINUTE_MS / 2),
      memory: (isComputing ? 0.55 : 0.4) + 0.04 * wander(1, 3 * MINUTE_MS),
      gpu: (isComputing ? 93 : 6) + 5 * wander(2, MINUTE_MS / 2),
    };
  },

  // Runs into its limit at the very end, and is killed for it.
  leaking: ({ progress, wander }) => ({
    cpu: 62 + 5 * wander(0, MINUTE_MS),
    memory: 0.12 + 0.88 * progress + 0.004 * wander(1, MINUTE_MS),
    gpu: 70 + 8 * wander(2, 2 * MINUTE_MS),
  }),

  // Asked for hardly more memory than it needs.
  tight: ({ character, wander }) => ({
    cpu: 70 + 20 * character + 4 * wander(0, MINUTE_MS),
    memory: 0.965 + 0.012 * wander(1, 10 * MINUTE_MS),
    gpu: 75 + 8 * wander(2, MINUTE_MS),
  }),

  // Somebody went home and left a notebook open.
  idleCpu: ({ wander }) => ({
    cpu: 1.5 + wander(0, 5 * MINUTE_MS),
    memory: 0.06 + 0.005 * wander(1, 10 * MINUTE_MS),
  }),

  // Holds GPUs that it never touches: the library was built without them.
  idleGpu: ({ character, wander }) => ({
    cpu: 70 + 25 * character + 4 * wander(0, MINUTE_MS),
    memory: 0.25 + 0.02 * wander(1, 10 * MINUTE_MS),
    gpu: Math.max(0, wander(2, 5 * MINUTE_MS) - 0.7),
  }),

  // Works well at first, then hangs until somebody's timeout ends it.
  failing: ({ progress, wander }) => {
    const hangs = progress > 0.7;
    return {
      cpu: hangs ? 2 + wander(0, MINUTE_MS) : 75 + 6 * wander(0, MINUTE_MS),
      memory: 0.45 + 0.02 * wander(1, 5 * MINUTE_MS),
      gpu: hangs ? 0 : 84 + 8 * wander(2, MINUTE_MS),
    };
  },

  cpuOnly: ({ character, wander }) => ({
    cpu: 90 + 8 * character + 3 * wander(0, MINUTE_MS),
    memory: 0.2 + 0.6 * character + 0.03 * wander(1, 10 * MINUTE_MS),
  }),
};

/**
 * Returns the usage of a job on one of its nodes at a time. The same arguments always give the same values.
 */
export function measureJob(job: DemoJob, nodeIndex: number, timeMs: number): Values {
  const ageMs = Math.max(0, timeMs - job.startTimeMs);
  const key = Math.imul(Number(job.id), 0x85ebca6b) + nodeIndex;
  const load = LOADS[job.behaviour]({
    ageMs,
    progress: Math.min(1, ageMs / job.runtimeMs),
    character: randomAt(Number(job.id), 0),
    wander: (channel, periodMs) => wanderAt(key + Math.imul(channel + 1, 0x27d4eb2f), timeMs / periodMs),
  });
  const warmth = Math.min(1, (ageMs + WARM_UP_MS / 10) / WARM_UP_MS);
  const limitMb = memoryLimitMb(job);
  return {
    cpuUsage: toPercent(load.cpu * warmth),
    memoryUsageMb: Math.round(Math.min(1, Math.max(0.01, load.memory * warmth)) * limitMb),
    ...(load.gpu !== undefined && { gpuUsage: toPercent(load.gpu * warmth) }),
  };
}

const toPercent = (value: number) => Math.round(Math.min(100, Math.max(0, value)) * 100) / 100;

/** Smooth in `position`, so that samples of any spacing lie on one curve. */
function wanderAt(key: number, position: number): number {
  const left = Math.floor(position);
  const step = position - left;
  const blend = step * step * (3 - 2 * step);
  return 2 * (randomAt(key, left) * (1 - blend) + randomAt(key, left + 1) * blend) - 1;
}

const randomAt = (key: number, index: number) => createRandom(key ^ Math.imul(index, 0xc2b2ae35))();
