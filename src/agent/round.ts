import { statSync } from 'node:fs';
import type { Measured } from '../domain/measure.ts';
import { type FindOptions, findFolders, findJobs, type JobDirectory, usesController } from './cgroup/find.ts';
import { readMounts } from './cgroup/mounts.ts';
import { readStepTrees, type StepTree, sumAnonymousBytes } from './cgroup/process-tree.ts';
import { type Collector, known } from './collectors/collector.ts';
import { CPU } from './collectors/cpu.ts';
import { CPUSET } from './collectors/cpuset.ts';
import { createIo } from './collectors/io.ts';
import { MEMORY } from './collectors/memory.ts';
import { PRESSURE } from './collectors/pressure.ts';
import { createProcesses, listProcesses } from './collectors/processes.ts';
import { readText } from './file.ts';
import type { GpuRound, Gpus } from './gpus.ts';
import type { Meter, MeterPart } from './meter.ts';
import type { Paths } from './paths.ts';
import { type JobKey, type JobReading, keyText, type Trouble } from './reading.ts';

export interface RoundOptions {
  readonly paths: Paths;
  /** The name of this node in Slurm. */
  readonly node: string;
  readonly meter: Meter;
  readonly clock: Clock;
  /** CPUs that Slurm gave the job on this node, where the kernel does not know. */
  readonly allocatedCpus?: (key: JobKey, pids: () => readonly string[]) => number | undefined;
  /** Reads only these jobs, for a first or last sample; all when left out. */
  readonly keys?: readonly JobKey[];
  /** Reads GPUs; none are looked for when left out. */
  readonly gpus?: Gpus;
}

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Milliseconds of a clock that nobody sets. */
  monotonicMs(): number;
}

export interface Round {
  readonly readings: readonly JobReading[];
  /** At most one of each collector. */
  readonly troubles: readonly Trouble[];
  /** Jobs that ended before anything of them could be read. */
  readonly ended: number;
  /** Values that no job can have, and that were left out. */
  readonly dropped: number;
}

/** A greater number is not exact in JSON, and more than any job can have. */
const MAX_VALUE = Number.MAX_SAFE_INTEGER;
/** Processes of one job whose memory is added one by one. */
const MAX_PROCESSES = 5000;

const RIGHTS = 'Run the agent as the unit of deploy does, or as root.';
const NO_CGROUPS =
  'Slurm uses no cgroups on this node, so jobs are measured by the processes below slurmstepd: without shared ' +
  'memory, limits, I/O, pressure and daemons. Set ProctrackType=proctrack/cgroup in slurm.conf for all of them.';
const NO_CPU =
  'No cgroup counts the CPU time of jobs, so it is added up over their processes. Set ' +
  'JobAcctGatherType=jobacct_gather/cgroup in slurm.conf to have all of it.';
const NO_MEMORY =
  'No cgroup counts the memory of jobs, so anonymous memory is added up over their processes, and shared memory ' +
  'is unknown. Set ConstrainRAMSpace=yes in cgroup.conf to have it.';

/** Reads every job on this node once. Never throws for what a job, the kernel or a collector does. */
export async function readRound(options: RoundOptions): Promise<Round> {
  const { paths, node } = options;
  const find = { paths, node, mounts: readMounts(paths) };
  const round = createRound(options, find);
  const jobs = findJobs(find);
  const collectors = [CPU, CPUSET, MEMORY, createIo(paths), PRESSURE, createProcesses(paths)];
  const isWanted = createIsWanted(options.keys);
  const readings = jobs.filter(({ key }) => isWanted(key)).flatMap((job) => readJob(job, collectors, round));
  const trees = jobs.length === 0 && findFolders(find).length === 0 ? readTrees(round) : [];
  readings.push(...trees.filter(({ key }) => isWanted(key)));
  // All jobs of the node decide whether a GPU is shared.
  const holders = [...jobs, ...trees.map(({ key }) => ({ key, controllers: new Map<string, string>() }))];
  const gpus = await readGpus(holders, round);
  return {
    readings: gpus === undefined ? readings : readings.map((reading) => addGpus(reading, gpus)),
    troubles: [...round.troubles.values()],
    ...round.counts,
  };
}

async function readGpus(jobs: readonly JobDirectory[], round: Working): Promise<GpuRound | undefined> {
  if (jobs.length === 0) return undefined;
  const read = await round.options.gpus?.read(jobs);
  for (const { collector, message } of read?.troubles ?? []) round.report(collector, message);
  round.counts.dropped += read?.dropped ?? 0;
  return read;
}

function addGpus(reading: JobReading, { gpus, joules }: GpuRound): JobReading {
  const key = keyText(reading.key);
  const values = { ...reading.values, ...known({ gpu_energy_joules: joules.get(key) }) };
  return { ...reading, values, gpus: gpus.get(key) ?? [] };
}

/** What is shared by the jobs of one round. */
interface Working {
  readonly options: RoundOptions;
  readonly find: FindOptions;
  readonly troubles: Map<string, Trouble>;
  readonly counts: { ended: number; dropped: number };
  report(collector: string, message: string): void;
  /** The steps by their processes; read once in a round, and only where cgroups do not have everything. */
  trees(): readonly StepTree[];
}

function createRound(options: RoundOptions, find: FindOptions): Working {
  const troubles = new Map<string, Trouble>();
  let trees: readonly StepTree[] | undefined;
  const round: Working = {
    options,
    find,
    troubles,
    counts: { ended: 0, dropped: 0 },
    report(collector, message) {
      if (!troubles.has(collector)) troubles.set(collector, { collector, message });
    },
    trees() {
      trees ??= attempt(round, 'processes', () => readStepTrees(options.paths, readText)) ?? [];
      return trees;
    },
  };
  return round;
}

function createIsWanted(keys: readonly JobKey[] | undefined) {
  const wanted = keys && new Set(keys.map(keyText));
  return (key: JobKey) => wanted?.has(keyText(key)) ?? true;
}

/** Runs one collector on one job; a failure is reported, and leaves the others alone. */
function attempt<T>(round: Working, collector: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    round.report(collector, `${(error as Error).message}. ${RIGHTS}`);
    return undefined;
  }
}

function readJob(job: JobDirectory, collectors: readonly Collector[], round: Working): JobReading[] {
  const { clock } = round.options;
  const folders = [...new Set([...(job.unified ? [job.unified] : []), ...job.controllers.values()])];
  const inodes = new Map(folders.map((folder) => [folder, inodeOf(folder)]));
  const [timeMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
  const parts: MeterPart[] = [];
  const read = new Set<string>();
  for (const collector of collectors) {
    const part = attempt(round, collector.name, () => collector.read(job, readText));
    const inode = part && inodes.get(part.folder);
    if (part === undefined || inode === undefined) continue;
    read.add(collector.name);
    parts.push({ source: `${inode}`, values: keepSane(part.values, round) });
  }
  if (read.size === 0 && folders.every((folder) => inodeOf(folder) === undefined)) {
    round.counts.ended++;
    return [];
  }
  // Slurm makes the groups of version 1 one after another, so that one may lack because it is not there yet.
  const isNever = ({ name }: Collector, controller: string) =>
    !read.has(name) && (job.unified !== undefined || !usesController(round.find, controller));
  if (isNever(CPU, 'cpuacct')) parts.push(...cpuOfProcesses(job, round));
  if (isNever(MEMORY, 'memory')) parts.push(...memoryOfProcesses(job, round));
  const pids = () => listProcesses(job, readText, MAX_PROCESSES);
  return [readingOf(job.key, parts, { timeMs, monotonicMs, pids }, round)];
}

/** The inode of a directory; undefined if it is gone. */
function inodeOf(folder: string): number | undefined {
  try {
    return statSync(folder).ino;
  } catch {
    return undefined;
  }
}

/** Leaves out what is negative, no number or out of any sense. */
function keepSane(values: Measured, { counts }: Working): Measured {
  const entries = Object.entries(values);
  const sane = entries.filter(([, value]) => value >= 0 && value <= MAX_VALUE);
  counts.dropped += entries.length - sane.length;
  return Object.fromEntries(sane);
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
  round: Working,
): JobReading {
  const { meter, allocatedCpus } = round.options;
  const measured = keepSane(meter.read(keyText(key), parts, monotonicMs), round);
  const cpus = measured.cpus_allocated ?? attempt(round, 'cpuset', () => allocatedCpus?.(key, pids));
  const values = cpus === undefined ? measured : { ...measured, cpus_allocated: cpus };
  return { key, timeMs, values, gpus: [] };
}

/** CPU time where Slurm has no cgroups that count it: version 1 without jobacct_gather/cgroup. */
function cpuOfProcesses({ key }: JobDirectory, round: Working): MeterPart[] {
  const trees = round.trees().filter(({ jobId }) => jobId === keyText(key));
  if (trees.length > 0) round.report('cpu', NO_CPU);
  return trees.map(({ source, values: { cpu_seconds, cpu_user_seconds, cpu_system_seconds } }) => ({
    source,
    values: known({ cpu_seconds, cpu_user_seconds, cpu_system_seconds }),
    isLossy: true,
  }));
}

function memoryOfProcesses(job: JobDirectory, round: Working): MeterPart[] {
  const { paths } = round.options;
  const bytes = attempt(round, 'memory', () =>
    sumAnonymousBytes(listProcesses(job, readText, MAX_PROCESSES), paths, readText),
  );
  if (bytes === undefined) return [];
  round.report('memory', NO_MEMORY);
  return [{ source: 'processes', values: { memory_anonymous_bytes: bytes } }];
}

/** Reads the jobs of a node whose Slurm uses no cgroups. */
function readTrees(round: Working): JobReading[] {
  const { clock } = round.options;
  const times = { timeMs: clock.nowMs(), monotonicMs: clock.monotonicMs(), pids: () => [] };
  const jobs = Map.groupBy(round.trees(), ({ jobId }) => jobId);
  if (jobs.size > 0) round.report('cgroups', NO_CGROUPS);
  return [...jobs].map(([jobId, steps]) => {
    const parts = steps.map(({ source, values }) => ({ source, values, isLossy: true }));
    return readingOf({ jobId }, parts, times, round);
  });
}
