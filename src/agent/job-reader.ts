import { statSync } from 'node:fs';
import { type JobDirectory, usesController } from './cgroup/find.ts';
import { sumAnonymousBytes } from './cgroup/process-tree.ts';
import { type Collector, known } from './collectors/collector.ts';
import { CPU } from './collectors/cpu.ts';
import { MEMORY } from './collectors/memory.ts';
import { listProcesses } from './collectors/processes.ts';
import { readText } from './file.ts';
import type { MeterPart } from './meter.ts';
import { type JobKey, type JobReading, keyText } from './reading.ts';
import type { RoundWork } from './round-work.ts';

/** Processes of one job whose memory is added one by one. */
const MAX_PROCESSES = 5000;

const NO_CGROUPS =
  'Slurm uses no cgroups on this node, so jobs are measured by the processes below slurmstepd: without shared ' +
  'memory, limits, I/O, pressure and daemons. Set ProctrackType=proctrack/cgroup in slurm.conf for all of them.';
const NO_CPU =
  'No cgroup counts the CPU time of jobs, so it is added up over their processes. Set ' +
  'JobAcctGatherType=jobacct_gather/cgroup in slurm.conf to have all of it.';
const NO_MEMORY =
  'No cgroup counts the memory of jobs, so anonymous memory is added up over their processes, and shared memory ' +
  'is unknown. Set ConstrainRAMSpace=yes in cgroup.conf to have it.';

/** Reads one job; undefined if it ended before anything of it could be read. */
export function readJob(
  job: JobDirectory,
  collectors: readonly Collector[],
  work: RoundWork,
): JobReading | undefined {
  const folders = foldersOf(job);
  const inodes = new Map(folders.map((folder) => [folder, inodeOf(folder)]));
  const [timeMs, monotonicMs] = [work.clock.nowMs(), work.clock.monotonicMs()];
  const parts: MeterPart[] = [];
  const read = new Set<string>();
  for (const collector of collectors) {
    const part = work.attempt(collector.name, () => collector.read(job, readText));
    const inode = part && inodes.get(part.folder);
    if (part === undefined || inode === undefined) continue;
    read.add(collector.name);
    parts.push({ source: `${inode}`, values: work.keepSane(part.values) });
  }
  if (read.size === 0 && folders.every((folder) => inodeOf(folder) === undefined)) {
    work.counts.ended++;
    return undefined;
  }
  // Slurm makes the groups of version 1 one after another, so that one may lack because it is not there yet.
  const isNever = ({ name }: Collector, controller: string) =>
    !read.has(name) && (job.unified !== undefined || !usesController(work.find, controller));
  if (isNever(CPU, 'cpuacct')) parts.push(...cpuOfProcesses(job, work));
  // A job whose last process has just ended holds no memory, and this is its last reading.
  const hasNone = parts.some(({ values }) => values.processes === 0);
  if (isNever(MEMORY, 'memory')) parts.push(...(hasNone ? NO_BYTES : memoryOfProcesses(job, work)));
  const pids = () => listProcesses(job, readText, MAX_PROCESSES);
  return readingOf(job.key, parts, { timeMs, monotonicMs, pids }, work);
}

/** The directories of a job, each once. */
export const foldersOf = ({ unified, controllers }: JobDirectory): string[] => [
  ...new Set([...(unified === undefined ? [] : [unified]), ...controllers.values()]),
];

/** The inode of a directory; undefined if it is gone. */
const inodeOf = (folder: string): number | undefined => statSync(folder, { throwIfNoEntry: false })?.ino;

/** Reads the jobs of a node whose Slurm uses no cgroups. */
export function readTrees(work: RoundWork): JobReading[] {
  const { clock } = work;
  const times = { timeMs: clock.nowMs(), monotonicMs: clock.monotonicMs(), pids: () => [] };
  const jobs = Map.groupBy(work.trees(), ({ jobId }) => jobId);
  if (jobs.size > 0) work.report('cgroups', NO_CGROUPS);
  return [...jobs].map(([jobId, steps]) => {
    const parts = steps.map(({ source, values }) => ({ source, values, isLossy: true }));
    return readingOf({ jobId }, parts, times, work);
  });
}

/** When a job was read, and its processes. */
interface Moment {
  readonly timeMs: number;
  readonly monotonicMs: number;
  readonly pids: () => readonly string[];
}

function readingOf(
  key: JobKey,
  parts: readonly MeterPart[],
  { timeMs, monotonicMs, pids }: Moment,
  work: RoundWork,
): JobReading {
  const measured = work.keepSane(work.meter.read(keyText(key), parts, monotonicMs));
  const cpus = measured.cpus_allocated ?? work.attempt('cpuset', () => work.allocatedCpus?.(key, pids));
  const values = cpus === undefined ? measured : { ...measured, cpus_allocated: cpus };
  return { key, timeMs, values, gpus: [] };
}

/** CPU time where Slurm has no cgroups that count it: version 1 without jobacct_gather/cgroup. */
function cpuOfProcesses({ key }: JobDirectory, work: RoundWork): MeterPart[] {
  const trees = work.trees().filter(({ jobId }) => jobId === keyText(key));
  if (trees.length > 0) work.report('cpu', NO_CPU);
  return trees.map(({ source, values: { cpu_seconds, cpu_user_seconds, cpu_system_seconds } }) => ({
    source,
    values: known({ cpu_seconds, cpu_user_seconds, cpu_system_seconds }),
    isLossy: true,
  }));
}

const NO_BYTES: readonly MeterPart[] = [{ source: 'processes', values: { memory_anonymous_bytes: 0 } }];

function memoryOfProcesses(job: JobDirectory, work: RoundWork): MeterPart[] {
  const bytes = work.attempt('memory', () =>
    sumAnonymousBytes(listProcesses(job, readText, MAX_PROCESSES), work.find.paths, readText),
  );
  if (bytes === undefined) return [];
  work.report('memory', NO_MEMORY);
  return [{ source: 'processes', values: { memory_anonymous_bytes: bytes } }];
}
