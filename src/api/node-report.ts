import { Type } from '@sinclair/typebox';
import { MAX_GPU_NAME_LENGTH } from '../domain/batch-measures.ts';
import { defined } from '../domain/defined.ts';
import {
  type CollectorState,
  MAX_COLLECTOR_MESSAGE_LENGTH,
  MAX_COLLECTOR_NAME_LENGTH,
  MAX_REPORT_COLLECTORS,
  MAX_REPORT_GPUS,
  type NodeGpu,
  type NodeReport,
} from '../domain/node-report.ts';
import { formatTime, requireTime } from '../domain/time.ts';
import { Count, Identity, Moment, optional, type Wire } from './field.ts';

const Word = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, format: 'identity', description });
const Amount = (description: string) => optional(Type.Number({ minimum: 0, maximum: 1e12, description }));
const Percent = (description: string) => optional(Type.Number({ minimum: 0, maximum: 100, description }));
const Bytes = (description: string) => optional(Count(description));

export const GpuBody = Type.Object({
  gpu: Word(MAX_GPU_NAME_LENGTH, 'Its UUID'),
  model: optional(Word(MAX_GPU_NAME_LENGTH, 'Its model')),
  utilization_percent: Percent('Share of the time in which some kernel ran on it'),
  memory_used_bytes: Bytes('Memory in use'),
  memory_total_bytes: Bytes('Its memory'),
  power_watts: Amount('Power that it draws'),
  temperature_celsius: Amount('Its temperature'),
});

const CollectorBody = Type.Object({
  name: Word(MAX_COLLECTOR_NAME_LENGTH, 'Its name'),
  message: optional(
    Type.String({
      maxLength: MAX_COLLECTOR_MESSAGE_LENGTH,
      format: 'text',
      description: 'What it could not read, and what to do; absent if nothing was amiss',
    }),
  ),
});

/** What an agent says of its node. Unknown fields are ignored, as in the rows beside it. */
export const NodeReportBody = Type.Object({
  node: Identity('The node'),
  timestamp: Moment('ISO 8601 time by the clock of the node when the report was sent'),
  version: Word(64, 'Version of the agent'),
  interval_seconds: Type.Number({ minimum: 0.1, maximum: 86_400, description: 'How often the agent reads' }),
  jobs: Count('Jobs that the agent found on the node', 1_000_000),
  cpus: optional(Count('CPUs of the node', 1_000_000)),
  cpu_seconds: Amount('CPU time since the node started, without idling and waiting for disks'),
  memory_bytes: Bytes('Memory of the node'),
  memory_available_bytes: Bytes('Memory that a new process could have'),
  load1: Amount('Load average of a minute'),
  job_cpus_used: Amount('CPUs that were busy for the jobs of the node'),
  job_memory_bytes: Bytes('Anonymous and shared memory of the jobs of the node'),
  gpus: optional(Type.Array(GpuBody, { maxItems: MAX_REPORT_GPUS, description: 'All GPUs of the node' })),
  collectors: optional(
    Type.Array(CollectorBody, {
      maxItems: MAX_REPORT_COLLECTORS,
      description: 'The parts of the agent that read, and what they could not read',
    }),
  ),
});
export type NodeReportBody = Wire<typeof NodeReportBody>;

/**
 * Reads a report; `validation_error` for a malformed time. Of two GPUs or collectors of one name the first
 * counts.
 */
export function readNodeReport(body: NodeReportBody): NodeReport {
  return {
    node: body.node,
    timeMs: requireTime('report.timestamp', body.timestamp),
    version: body.version,
    intervalMs: Math.round(body.interval_seconds * 1000),
    jobs: body.jobs,
    values: defined({
      cpus: body.cpus,
      cpuSeconds: body.cpu_seconds,
      memoryBytes: body.memory_bytes,
      memoryAvailableBytes: body.memory_available_bytes,
      load1: body.load1,
      jobCpusUsed: body.job_cpus_used,
      jobMemoryBytes: body.job_memory_bytes,
    }),
    gpus: firstOfEach((body.gpus ?? []).map(readGpu), ({ gpu }) => gpu),
    collectors: firstOfEach<CollectorState>(
      (body.collectors ?? []).map(({ name, message }) => defined({ name, message })),
      ({ name }) => name,
    ),
  };
}

const readGpu = (gpu: Wire<typeof GpuBody>): NodeGpu =>
  defined({
    gpu: gpu.gpu,
    model: gpu.model,
    utilizationPercent: gpu.utilization_percent,
    memoryUsedBytes: gpu.memory_used_bytes,
    memoryTotalBytes: gpu.memory_total_bytes,
    powerWatts: gpu.power_watts,
    temperatureCelsius: gpu.temperature_celsius,
  });

const firstOfEach = <Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[] =>
  [...Map.groupBy(items, nameOf).values()].map(([first]) => first!);

export const renderNodeReport = ({ values, gpus, collectors, ...report }: NodeReport): NodeReportBody =>
  defined({
    node: report.node,
    timestamp: formatTime(report.timeMs),
    version: report.version,
    interval_seconds: report.intervalMs / 1000,
    jobs: report.jobs,
    cpus: values.cpus,
    cpu_seconds: values.cpuSeconds,
    memory_bytes: values.memoryBytes,
    memory_available_bytes: values.memoryAvailableBytes,
    load1: values.load1,
    job_cpus_used: values.jobCpusUsed,
    job_memory_bytes: values.jobMemoryBytes,
    gpus: gpus.map(renderGpu),
    collectors: collectors.map(({ name, message }) => defined({ name, message })),
  });

const renderGpu = (gpu: NodeGpu): Wire<typeof GpuBody> =>
  defined({
    gpu: gpu.gpu,
    model: gpu.model,
    utilization_percent: gpu.utilizationPercent,
    memory_used_bytes: gpu.memoryUsedBytes,
    memory_total_bytes: gpu.memoryTotalBytes,
    power_watts: gpu.powerWatts,
    temperature_celsius: gpu.temperatureCelsius,
  });
