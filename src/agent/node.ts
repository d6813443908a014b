import { MAX_GPU_NAME_LENGTH } from '../domain/batch-measures.ts';
import { defined } from '../domain/defined.ts';
import {
  type CollectorState,
  MAX_COLLECTOR_MESSAGE_LENGTH,
  MAX_REPORT_COLLECTORS,
  MAX_REPORT_GPUS,
  type NodeGpu,
  type NodeReport,
  type NodeValues,
} from '../domain/node-report.ts';
import type { GpuDevice } from './collectors/gpu.ts';
import { readText } from './file.ts';
import type { Paths } from './paths.ts';
import type { JobReading, Trouble } from './reading.ts';
import type { Round } from './round.ts';

/** What a report of a node is made of: a round of all its jobs, and who reports. */
export interface ReportSource {
  readonly node: string;
  readonly version: string;
  readonly intervalMs: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly round: Pick<Round, 'readings' | 'devices' | 'troubles'>;
}

/** Makes the report of a node; what the files of the node do not say is left out, and told as a trouble. */
export function reportNode(source: ReportSource, paths: Paths): NodeReport {
  const { node, version, intervalMs, timeMs, round } = source;
  const { readings, devices = [], troubles } = round;
  const { values, missing } = readNodeValues(paths);
  const own: Trouble[] = missing.length === 0 ? [] : [{ collector: NODE, message: explainMissing(missing) }];
  return {
    node,
    timeMs,
    version,
    intervalMs,
    jobs: readings.length,
    values: { ...values, ...usedByJobs(readings) },
    // GPUs before their slices, which may be many.
    gpus: devices
      .toSorted((one, other) => Number(one.parent !== undefined) - Number(other.parent !== undefined))
      .slice(0, MAX_REPORT_GPUS)
      .map(gpuOf),
    collectors: stateOf(
      [NODE, ...COLLECTORS, ...new Set(devices.map(({ vendor }) => vendor))],
      [...own, ...troubles],
    ),
  };
}

const NODE = 'node';
/** What reads jobs on every node; those of GPUs are named by vendor, where there are any. */
const COLLECTORS = ['cpu', 'cpuset', 'memory', 'io', 'pressure', 'processes'];

const explainMissing = (files: readonly string[]): string =>
  `${files.join(', ')} could not be read. Run the agent as the unit of deploy does, or as root.`;

/** /proc/stat counts in hundredths of a second on every Linux that Slurm runs on. */
const TICKS_PER_SECOND = 100;

/**
 * Reads /proc/stat: the number of CPUs, and their time in user mode, with low priority, in the kernel and for
 * interrupts. Guests are a part of user mode; idle time, waiting for disks and stolen time are left out.
 */
export function parseStat(text: string): NodeValues {
  const whole = /^cpu +(\d+) (\d+) (\d+) \d+ \d+ (\d+) (\d+)/m.exec(text);
  const cpus = text.match(/^cpu\d+ /gm)?.length;
  const ticks = whole?.slice(1).reduce((sum, count) => sum + Number(count), 0);
  return defined({ cpus, cpuSeconds: ticks === undefined ? undefined : ticks / TICKS_PER_SECOND });
}

/** Reads /proc/meminfo, whose kB are KiB. */
export function parseMeminfo(text: string): NodeValues {
  const bytes = (name: string) => {
    const kibibytes = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  };
  return defined({ memoryBytes: bytes('MemTotal'), memoryAvailableBytes: bytes('MemAvailable') });
}

/** Reads the first number of /proc/loadavg. */
export function parseLoad(text: string): NodeValues {
  const load1 = /^\d+\.\d+/.exec(text)?.[0];
  return defined({ load1: load1 === undefined ? undefined : Number(load1) });
}

const FILES: readonly (readonly [path: string, parse: (text: string) => NodeValues])[] = [
  ['/proc/stat', parseStat],
  ['/proc/meminfo', parseMeminfo],
  ['/proc/loadavg', parseLoad],
];

/** Reads what the kernel says of the whole node, and names the files that say nothing. */
function readNodeValues({ of }: Paths): { values: NodeValues; missing: readonly string[] } {
  let values: NodeValues = {};
  const missing: string[] = [];
  for (const [path, parse] of FILES) {
    const read = parse(textOf(of(path)));
    if (Object.keys(read).length === 0) missing.push(path);
    values = { ...values, ...read };
  }
  return { values, missing };
}

function textOf(path: string): string {
  try {
    return readText(path) ?? '';
  } catch {
    return '';
  }
}

/** Adds up CPUs and memory over the jobs; absent if they are unknown for all of several jobs. */
function usedByJobs(readings: readonly JobReading[]): NodeValues {
  const add = (of: (reading: JobReading) => number | undefined) => {
    const known = readings.flatMap((reading) => of(reading) ?? []);
    return known.length === 0 && readings.length > 0 ? undefined : known.reduce((sum, one) => sum + one, 0);
  };
  return defined({
    jobCpusUsed: add(({ values }) => values.cpus_used),
    jobMemoryBytes: add(({ values: { memory_anonymous_bytes, memory_shared_bytes = 0 } }) =>
      memory_anonymous_bytes === undefined ? undefined : memory_anonymous_bytes + memory_shared_bytes,
    ),
  });
}

const gpuOf = ({ uuid, model, values }: GpuDevice): NodeGpu =>
  defined({
    gpu: uuid.slice(0, MAX_GPU_NAME_LENGTH),
    model: model?.slice(0, MAX_GPU_NAME_LENGTH),
    utilizationPercent: values.gpu_utilization_percent,
    memoryUsedBytes: values.gpu_memory_used_bytes,
    memoryTotalBytes: values.gpu_memory_total_bytes,
    powerWatts: values.gpu_power_watts,
    temperatureCelsius: values.gpu_temperature_celsius,
  });

/** The collectors that ran or had something to tell, each once. */
function stateOf(names: readonly string[], troubles: readonly Trouble[]): CollectorState[] {
  const messages = new Map(troubles.map(({ collector, message }) => [collector, message]));
  return [...new Set([...names, ...messages.keys()])]
    .slice(0, MAX_REPORT_COLLECTORS)
    .map((name) => defined({ name, message: messages.get(name)?.slice(0, MAX_COLLECTOR_MESSAGE_LENGTH) }));
}
