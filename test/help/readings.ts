import { MEASURES_BY_CODE } from '../../src/domain/measure.ts';
import type { Readings } from '../../src/domain/readings.ts';
import type { ReadingQuery } from '../../src/domain/store/samples.ts';
import type { Store } from '../../src/domain/store/store.ts';
import type { Point } from '../../src/domain/summary.ts';

/** A row of readings as an object, for tests that compare a few. */
export interface Reading {
  readonly timeMs: number;
  /** Left out: the job's first node. */
  readonly node?: string;
  readonly cpuUsage: number;
  readonly memoryUsageMb: number;
  readonly gpuUsage?: number;
  readonly point?: Point;
}

/** A row of readings as an object, with its further measures only. */
export interface FurtherReading {
  readonly timeMs: number;
  readonly node?: string;
  readonly gpu?: string;
  readonly [measure: string]: number | string | undefined;
}

/** The further measures of readings by name. */
export function furtherOf({ count, times, nodes, names, gpus, further = [] }: Readings): FurtherReading[] {
  return Array.from({ length: count }, (_, i): FurtherReading => {
    const label = nodes[i]!;
    const values = further.map(({ code, values }) => [MEASURES_BY_CODE.get(code)!.name, values[i]!] as const);
    return {
      timeMs: times[i]!,
      ...(names[label] !== undefined && { node: names[label] }),
      ...(gpus && { gpu: gpus[label]! }),
      ...Object.fromEntries(values.filter(([, value]) => !Number.isNaN(value))),
    };
  });
}

/** The rows of readings as objects. */
export function readingsOf(readings: Readings): Reading[] {
  const { count, times, cpu, memory, gpu, nodes, names, points } = readings;
  return Array.from({ length: count }, (_, i): Reading => {
    const node = names[nodes[i]!];
    const hasGpu = !Number.isNaN(gpu[i]!);
    return {
      timeMs: times[i]!,
      ...(node !== undefined && { node }),
      cpuUsage: cpu[i]!,
      memoryUsageMb: memory[i]!,
      ...(hasGpu && { gpuUsage: gpu[i]! }),
      ...(points &&
        points.samples[i]! > 0 && {
          point: {
            timeMs: times[i]!,
            samples: points.samples[i]!,
            cpuUsage: { min: points.cpuMin[i]!, mean: cpu[i]!, max: points.cpuMax[i]! },
            memoryUsageMb: { min: points.memoryMin[i]!, mean: memory[i]!, max: points.memoryMax[i]! },
            ...(hasGpu && {
              gpuUsage: {
                min: points.gpuMin[i]!,
                mean: gpu[i]!,
                max: points.gpuMax[i]!,
                samples: points.gpuSamples[i]!,
              },
            }),
          },
        }),
    };
  });
}

/** `store.listSamples`, with the readings as objects. */
export async function listReadings(store: Store, jobId: string, query: ReadingQuery, limit: number) {
  const { samples, total } = await store.listSamples(jobId, query, limit);
  return { samples: readingsOf(samples), total };
}
