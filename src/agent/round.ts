import { existsSync } from 'node:fs';
import type { NodeReport } from '../domain/node-report.ts';
import { findFolders, findJobs, type JobDirectory } from './cgroup/find.ts';
import { type CgroupMounts, readMounts } from './cgroup/mounts.ts';
import type { Clock } from './clock.ts';
import { CPU } from './collectors/cpu.ts';
import { CPUSET } from './collectors/cpuset.ts';
import type { GpuDevice } from './collectors/gpu.ts';
import { createIo } from './collectors/io.ts';
import { MEMORY } from './collectors/memory.ts';
import { PRESSURE } from './collectors/pressure.ts';
import { createProcesses } from './collectors/processes.ts';
import type { EnergyShares } from './energy-shares.ts';
import type { GpuRound, Gpus } from './gpus.ts';
import { findHeld, type HeldJobs, NOTHING_HELD } from './held.ts';
import { foldersOf, readJob, readTrees } from './job-reader.ts';
import type { Leftovers } from './leftovers.ts';
import type { Meter } from './meter.ts';
import type { NodeEnergy } from './node-energy.ts';
import type { Paths } from './paths.ts';
import { type JobKey, type JobReading, keyText, type Trouble } from './reading.ts';
import { createWork, type RoundWork } from './round-work.ts';
import type { Runs } from './runs.ts';

export interface RoundOptions {
  readonly paths: Paths;
  /** The name of this node in Slurm. */
  readonly node: string;
  readonly meter: Meter;
  readonly clock: Clock;
  /** Where cgroups are mounted; read anew when left out. */
  readonly mounts?: () => CgroupMounts;
  /** CPUs that Slurm gave the job on this node, where the kernel does not know. */
  readonly allocatedCpus?: (key: JobKey, pids: () => readonly string[]) => number | undefined;
  /** Reads only these jobs, for a first or last sample; all when left out. */
  readonly keys?: readonly JobKey[];
  /** What Prolog says of the jobs; unknown when left out. */
  readonly held?: () => HeldJobs;
  /** Reads GPUs; none are looked for when left out. */
  readonly gpus?: Gpus;
  /** Knows directories that are of no job any more; all are of jobs when left out. */
  readonly leftovers?: Leftovers;
  /** Knows runs of the same job apart. */
  readonly runs?: Runs;
  /** Reads the energy of the node, and divides it; none is looked for when left out. */
  readonly energy?: {
    readonly read: (work: RoundWork) => NodeEnergy | undefined;
    readonly shares: EnergyShares;
  };
}

export interface Round {
  readonly readings: readonly JobReading[];
  /** At most one of each collector. */
  readonly troubles: readonly Trouble[];
  /** All jobs of the node were read. */
  readonly isWhole: boolean;
  /** Jobs that ended before anything of them could be read. */
  readonly ended: number;
  /** Values that no job can have, and that were left out. */
  readonly dropped: number;
  /** Jobs whose directories are left over: nothing of the job is on the node. */
  readonly leftovers: readonly JobKey[];
  /** All GPUs of the node; absent where none were looked for. */
  readonly devices?: readonly GpuDevice[];
  /** What the agent says of its node, in a round of all jobs. */
  readonly report?: NodeReport;
  /** GPUs of jobs that began lately were not read, so as not to ask too often; they can be in this time. */
  readonly gpusDueMs?: number;
}

/** Reads every job on this node once. Never throws for what a job, the kernel or a collector does. */
export async function readRound(options: RoundOptions): Promise<Round> {
  const { paths, node, keys, clock, meter, allocatedCpus } = options;
  const find = { paths, node, mounts: options.mounts?.() ?? readMounts(paths) };
  const work = createWork({ find, clock, meter, allocatedCpus });
  const held = work.attempt('gpus', () => options.held?.()) ?? NOTHING_HELD;
  const found = findJobs(find);
  const jobs = options.leftovers?.drop(found, ({ key }) => findHeld(held, key) !== undefined) ?? found;
  const isWanted = createIsWanted(keys);
  const isBare = found.length === 0 && findFolders(find).length === 0;
  const bare = isBare ? [...new Set(work.trees().map(({ jobId }) => jobId))].map(bareJob) : [];
  // All jobs of the node decide whether a GPU is shared.
  const all = [...jobs, ...bare];
  noticeRuns(all, held, options.runs);
  const collectors = [CPU, CPUSET, MEMORY, createIo(paths), PRESSURE, createProcesses(paths)];
  const readings = jobs
    .filter(({ key }) => isWanted(key))
    .flatMap((job) => readJob(job, collectors, work) ?? []);
  if (isBare) readings.push(...readTrees(work).filter(({ key }) => isWanted(key)));
  const withEnergy = readings.map(addEnergy(all, options, work));
  const gpus = await readGpus(all, held, options, work);
  return {
    readings: gpus === undefined ? withEnergy : withEnergy.map((reading) => addGpus(reading, gpus)),
    troubles: [...work.troubles.values()],
    isWhole: keys === undefined,
    ...work.counts,
    leftovers: found.filter((job) => !jobs.includes(job)).map(({ key }) => key),
    ...(gpus && { devices: gpus.devices }),
    ...(gpus?.dueMs !== undefined && { gpusDueMs: gpus.dueMs }),
  };
}

/** A job without directories. */
const bareJob = (jobId: string): JobDirectory => ({ key: { jobId }, controllers: new Map() });

async function readGpus(
  jobs: readonly JobDirectory[],
  held: HeldJobs,
  { gpus, keys }: RoundOptions,
  work: RoundWork,
): Promise<GpuRound | undefined> {
  // Those of a node without jobs are a part of its report.
  if (jobs.length === 0 && keys !== undefined) return undefined;
  const read = await gpus?.read(jobs, held, keys === undefined);
  for (const { collector, message } of read?.troubles ?? []) work.report(collector, message);
  work.counts.dropped += read?.dropped ?? 0;
  return read;
}

function addGpus(reading: JobReading, { gpus, used }: GpuRound): JobReading {
  const key = keyText(reading.key);
  return { ...reading, values: { ...reading.values, ...used.get(key) }, gpus: gpus.get(key) ?? [] };
}

/** Returns a function that adds a job's share in the energy of the node. */
function addEnergy(jobs: readonly JobDirectory[], { energy, gpus }: RoundOptions, work: RoundWork) {
  const node = energy?.read(work);
  energy?.shares.see(new Set(jobs.map(({ key }) => keyText(key))));
  return (reading: JobReading): JobReading => {
    const { cpu_seconds: cpuSeconds, cpus_allocated: cpusAllocated } = reading.values;
    if (node === undefined || cpuSeconds === undefined) return reading;
    const job = { cpuSeconds, cpusAllocated };
    const share = energy?.shares.add(keyText(reading.key), job, node, gpus?.hasGpus() ?? false);
    return { ...reading, values: { ...reading.values, ...share } };
  };
}

/** Steps that last as long as the run of the job on this node. */
const LASTING_STEPS = ['step_batch', 'step_extern', 'step_interactive'];

/** Before they are read: another run of a job counts from 0. */
function noticeRuns(jobs: readonly JobDirectory[], held: HeldJobs, runs: Runs | undefined): void {
  if (runs === undefined) return;
  runs.keep(new Set(jobs.map(({ key }) => keyText(key))));
  for (const job of jobs) {
    const prologMs = findHeld(held, job.key)?.prologMs;
    // Slurm makes the directories of a step in all of them.
    const [folder] = foldersOf(job);
    const hasLastingStep = () => LASTING_STEPS.some((step) => existsSync(`${folder}/${step}`));
    runs.see(keyText(job.key), { prologMs, hasLastingStep });
  }
}

function createIsWanted(keys: readonly JobKey[] | undefined) {
  const wanted = keys && new Set(keys.map(keyText));
  return (key: JobKey) => wanted?.has(keyText(key)) ?? true;
}
