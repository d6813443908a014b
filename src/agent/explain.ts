import type { Measured } from '../domain/measure.ts';
import { type GpuReading, type JobKey, type JobReading, keyText } from './reading.ts';
import type { Round } from './round.ts';
import { sampleOf } from './sample.ts';

/** Renders what the agent found on its node, what it could not read and why, for a person. */
export function explainRound({ readings, troubles, ended, dropped, leftovers }: Round, node: string): string {
  const lines = [
    `Node ${node}: ${readings.length === 0 ? 'no jobs' : `${readings.length} ${readings.length === 1 ? 'job' : 'jobs'}`}`,
    ...readings.flatMap((reading) => describeJob(reading, node)),
    ...(ended > 0 ? [`${ended} jobs ended while they were read.`] : []),
    ...(dropped > 0 ? [`${dropped} values were left out: no job can have them.`] : []),
    ...(leftovers.length > 0 ? ['', ...describeLeftovers(leftovers)] : []),
    ...(troubles.length > 0 ? ['', 'Not read:'] : []),
    ...troubles.map(({ collector, message }) => `  ${collector}: ${message}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** Some of many are enough to find them. */
const MAX_LEFTOVERS = 10;

function describeLeftovers(keys: readonly JobKey[]): string[] {
  const names = keys.slice(0, MAX_LEFTOVERS).map(keyText);
  return [
    `Left over by Slurm, and no jobs: ${names.join(', ')}${keys.length > names.length ? ', ...' : ''}.`,
    'No process is in their directories, and no file of Prolog is there. rmdir removes them.',
  ];
}

function describeJob(reading: JobReading, node: string): string[] {
  const { key, values, gpus } = reading;
  const sample = sampleOf(reading, node);
  const sent = sample
    ? `cpu ${sample.cpuUsage} %, memory ${sample.memoryUsageMb} MB${sample.gpuUsage === undefined ? '' : `, gpu ${sample.gpuUsage} %`}`
    : `not sent: ${whyNotSent(values)}`;
  return [
    '',
    `  ${'sluid' in key ? 'run' : 'job'} ${keyText(key)}: ${sent}`,
    ...describeValues(values),
    ...gpus.flatMap(describeGpu),
  ];
}

function describeGpu({ uuid, model, isShared, values }: GpuReading): string[] {
  const known = Object.keys(values).length > 0 ? '' : ': not read';
  const state = isShared ? ': shared with other jobs, so that its values are of none' : known;
  return [`    gpu ${uuid}${model === undefined ? '' : ` (${model})`}${state}`, ...describeValues(values)];
}

const describeValues = (values: Measured): string[] =>
  Object.entries(values).map(([name, value]) => `    ${name.padEnd(26)} ${formatNumber(value)}`);

const formatNumber = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));

function whyNotSent({ cpu_seconds, cpus_used, cpus_allocated, memory_anonymous_bytes }: Measured): string {
  if (cpu_seconds === undefined) return 'its CPU time is unknown';
  if (cpus_used === undefined) return 'it was read once only, and CPU usage needs two readings';
  if (!cpus_allocated)
    return 'the CPUs that Slurm gave it are unknown; set ConstrainCores=yes in cgroup.conf, or run the agent as root';
  return memory_anonymous_bytes === undefined ? 'its memory is unknown' : 'a value is missing';
}
