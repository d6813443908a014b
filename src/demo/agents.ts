import type { BatchMeasures } from '../domain/batch-measures.ts';
import { MEASURES, type Measured, type MeasureName } from '../domain/measure.ts';
import type { NodeGpu, ReceivedReport } from '../domain/node-report.ts';
import type { JobSample } from '../domain/store/samples.ts';
import { gpuUuid, NODES, type Partition, placesIn } from './cluster.ts';
import type { Metered } from './meter.ts';

const MB = 2 ** 20;
/** What the kernel and the daemons of a node take. */
const SYSTEM_BYTES = 6000 * MB;
const NODE_STARTED_MS = Date.UTC(2026, 0, 5);

/** Returns samples as agents send them, each with its further measures. */
export function batchOf(metered: readonly Metered[], stamped: boolean) {
  const samples: JobSample[] = metered.map(({ job, node, sample }) => ({
    ...sample,
    jobId: job.id,
    node,
    stamped,
  }));
  const gpus = metered.flatMap(({ gpus: own }, sample) =>
    [...own].map(([name, measured]) => ({ sample, name, measured })),
  );
  const measures: BatchMeasures = {
    columns: columnsOf(metered.map(({ measured }) => measured)),
    ...(gpus.length > 0 && {
      gpus: {
        samples: Uint32Array.from(gpus, ({ sample }) => sample),
        names: gpus.map(({ name }) => name),
        columns: columnsOf(gpus.map(({ measured }) => measured)),
      },
    }),
  };
  return { samples, measures };
}

function columnsOf(rows: readonly Measured[]): Map<number, Float64Array> {
  const names = new Set(rows.flatMap((row) => Object.keys(row) as MeasureName[]));
  return new Map(
    [...names].map((name) => [
      MEASURES.get(name)!.code,
      Float64Array.from(rows, (row) => row[name] ?? Number.NaN),
    ]),
  );
}

interface NodeState {
  readonly node: string;
  readonly timeMs: number;
  readonly intervalMs: number;
  /** What was measured of the jobs of the node. */
  readonly metered: readonly Metered[];
}

/** Returns what the agent of a node says about itself and its node. */
export function reportNode({ node, timeMs, intervalMs, metered }: NodeState): ReceivedReport {
  const partition = NODES.get(node)!;
  const sum = (name: MeasureName) =>
    metered.reduce((total, { measured }) => total + (measured[name] ?? 0), 0);
  const memoryBytes = partition.memoryMb * MB;
  const jobMemoryBytes = sum('memory_anonymous_bytes') + sum('memory_shared_bytes');
  const jobCpusUsed = sum('cpus_used');
  return {
    receivedMs: timeMs,
    report: {
      node,
      timeMs,
      version: '1.0.0',
      intervalMs,
      jobs: metered.length,
      values: {
        cpus: partition.cores,
        cpuSeconds: Math.round(((timeMs - NODE_STARTED_MS) / 1000) * partition.cores * 0.6),
        memoryBytes,
        memoryAvailableBytes: Math.round(memoryBytes - SYSTEM_BYTES - jobMemoryBytes),
        load1: Math.round(100 * (jobCpusUsed + 0.4)) / 100,
        jobCpusUsed,
        jobMemoryBytes,
      },
      gpus: gpusOf(node, partition, metered),
      collectors: [{ name: 'cgroup' }, ...(partition.gpu ? [{ name: 'nvidia' }] : [])],
    },
  };
}

function gpusOf(node: string, partition: Partition, metered: readonly Metered[]): NodeGpu[] {
  const held = new Map(metered.flatMap(({ gpus }) => [...gpus]));
  const { gpu } = partition;
  return placesIn(partition).map((place): NodeGpu => {
    const uuid = gpuUuid(node, place);
    const measured = held.get(uuid);
    return {
      gpu: uuid,
      model: gpu!.model,
      utilizationPercent: measured?.gpu_utilization_percent ?? 0,
      memoryUsedBytes: measured?.gpu_memory_used_bytes ?? 4 * MB,
      memoryTotalBytes: gpu!.memoryBytes,
      powerWatts: measured?.gpu_power_watts ?? gpu!.idleWatts,
      temperatureCelsius: measured?.gpu_temperature_celsius ?? 31,
    };
  });
}
