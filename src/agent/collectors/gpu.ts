import type { Measured, MeasureName } from '../../domain/measure.ts';

/** A GPU of this node, or a MIG slice of one, and what was read of it. */
export interface GpuDevice {
  readonly uuid: string;
  readonly vendor: 'nvidia' | 'amd';
  readonly model?: string;
  /** Its place on the bus, such as `0000:1a:00.0`; a slice has the one of its GPU. */
  readonly busId?: string;
  /** The number in /dev/nvidiaN, or of an AMD card its /dev/dri/renderD number. */
  readonly minor?: number;
  /** The GPU that this MIG slice belongs to. */
  readonly parent?: string;
  /** The GPU is divided into MIG slices. */
  readonly isDivided?: boolean;
  readonly values: Measured;
}

/** What was read of all GPUs at one moment. */
export interface GpuReport {
  readonly devices: readonly GpuDevice[];
  /** Bus ids or UUIDs of GPUs that no longer answer. */
  readonly lost: readonly string[];
  /** Values that no GPU can have, and that were left out. */
  readonly dropped: number;
}

export const NO_GPUS: GpuReport = { devices: [], lost: [], dropped: 0 };
/** More than any node has, also of slices. */
export const MAX_DEVICES = 512;

/** The greatest values that a GPU can have: a rack of GPUs takes less than 10 kW for each. */
const GREATEST: Partial<Record<MeasureName, number>> = {
  gpu_utilization_percent: 100,
  gpu_memory_used_bytes: 2 ** 44,
  gpu_memory_total_bytes: 2 ** 44,
  gpu_power_watts: 10_000,
  gpu_temperature_celsius: 150,
  gpu_throttled: 1,
  gpu_throttled_by_heat: 1,
  gpu_throttled_by_power: 1,
};

/** Leaves out values that are unknown, and counts those that no GPU can have. */
export function keepLikely(values: Partial<Record<MeasureName, number | undefined>>): {
  readonly values: Measured;
  readonly dropped: number;
} {
  const known = Object.entries(values).filter(([, value]) => value !== undefined) as [MeasureName, number][];
  const { gpu_memory_total_bytes: totalBytes = Number.POSITIVE_INFINITY } = values;
  const isLikely = ([name, value]: [MeasureName, number]) =>
    value >= 0 &&
    value <= (GREATEST[name] ?? Number.MAX_SAFE_INTEGER) &&
    !(name === 'gpu_memory_used_bytes' && value > totalBytes);
  const likely = known.filter(isLikely);
  return { values: Object.fromEntries(likely), dropped: known.length - likely.length };
}

/**
 * Returns the place of a GPU on the bus as the kernel writes it: nvidia-smi writes `00000000:1A:00.0` for
 * `0000:1a:00.0`. Undefined for anything else.
 */
export function readBusId(text: string | undefined): string | undefined {
  const match = /^(?:0*([\da-f]{4,8}):)?([\da-f]{2}:[\da-f]{2}\.[\da-f])$/.exec(
    (text ?? '').trim().toLowerCase(),
  );
  return match ? `${(match[1] ?? '').padStart(4, '0')}:${match[2]}` : undefined;
}

/** Reads a number without a unit; undefined for every form of N/A, and for an empty text. */
export function readNumber(text: string | undefined): number | undefined {
  const digits = text?.trim() ?? '';
  return /^-?\d+(\.\d+)?$/.test(digits) ? Number(digits) : undefined;
}
