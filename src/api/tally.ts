import { Type } from '@sinclair/typebox';
import { countRuns, type Tally } from '../domain/tally/tally.ts';
import type { Wire } from './field.ts';

const count = (description: string) => Type.Integer({ minimum: 0, description });
const amount = (description: string) => Type.Number({ minimum: 0, description });

const held = (unit: string, name: string) =>
  Type.Optional(
    Type.Object(
      {
        held: amount(`${unit} held by jobs whose ${name} are known`),
        measured: Type.Optional(amount('How much of it was held while its use was measured')),
        used: Type.Optional(amount('How much was used in that time')),
        efficiency: Type.Optional(
          Type.Number({
            minimum: 0,
            description: 'used / measured, 0 to 1; above 1 if more was used than held',
          }),
        ),
      },
      { additionalProperties: false, description: 'Absent if nothing is known to have been held' },
    ),
  );

export const TALLY_ANSWER_FIELDS = {
  jobs: count('Runs that ended; a job that was requeued has several'),
  completed: count('How many of them completed'),
  failed: count('How many failed'),
  cancelled: count('How many were cancelled'),
  timed_out: count('How many ended with the state TIMEOUT of Slurm'),
  out_of_memory: count('OUT_OF_MEMORY'),
  node_failed: count('NODE_FAIL'),
  preempted: count('PREEMPTED'),
  runtime_hours: amount('From start to end, without the time suspended'),
  cpu_hours: held('CPU hours', 'CPUs'),
  gpu_hours: held('GPU hours', 'GPUs'),
  memory_gb_hours: held('GB hours (2^30 bytes)', 'memory limits'),
  wait_seconds: Type.Optional(amount('Mean from submission to start, of the jobs where both are known')),
  energy_joules: Type.Optional(amount('Of the jobs whose energy is known')),
  energy_jobs: Type.Optional(count('How many that are')),
};

export const TallyAnswer = Type.Object(TALLY_ANSWER_FIELDS, { $id: 'Tally', additionalProperties: false });
export type TallyAnswer = Wire<typeof TallyAnswer>;

const HOUR = 3600;
const MB_PER_GB = 1024;

export function renderTally(tally: Tally): TallyAnswer {
  const { completed, failed, cancelled, waits, energies } = tally;
  const cpu = renderHeld(tally.cpuSeconds, tally.cpuMeasuredSeconds, tally.cpuUsedSeconds, HOUR);
  const gpu = renderHeld(tally.gpuSeconds, tally.gpuMeasuredSeconds, tally.gpuUsedSeconds, HOUR);
  const memory = renderHeld(
    tally.memoryMbSeconds,
    tally.memoryMeasuredMbSeconds,
    tally.memoryUsedMbSeconds,
    HOUR * MB_PER_GB,
  );
  return {
    jobs: countRuns(tally),
    ...{ completed, failed, cancelled },
    timed_out: tally.timedOut,
    out_of_memory: tally.outOfMemory,
    node_failed: tally.nodeFailed,
    preempted: tally.preempted,
    runtime_hours: round(tally.runtimeSeconds / HOUR),
    ...(cpu && { cpu_hours: cpu }),
    ...(gpu && { gpu_hours: gpu }),
    ...(memory && { memory_gb_hours: memory }),
    ...(waits > 0 && { wait_seconds: round(tally.waitSeconds / waits) }),
    ...(energies > 0 && { energy_joules: tally.energyJoules, energy_jobs: energies }),
  };
}

function renderHeld(heldSeconds: number, measured: number, used: number, unit: number) {
  if (heldSeconds === 0) return undefined;
  return {
    held: round(heldSeconds / unit),
    ...(measured > 0 && {
      measured: round(measured / unit),
      used: round(used / unit),
      efficiency: round(used / measured),
    }),
  };
}

const round = (value: number): number => Number(value.toFixed(4));
