import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { MAX_EVENT_BYTES, readGpuIds, readVariables, type Variables } from '../slurm/hooks/variables.ts';
import { isGone, readText } from './file.ts';
import type { Paths } from './paths.ts';
import type { JobKey } from './reading.ts';

/** What a job got on this node, as Slurm told its Prolog. */
export interface Held {
  readonly jobId: string;
  readonly sluid?: string;
  /** UUIDs or Slurm's numbers of its GPUs; empty if it has none. */
  readonly gpuIds: readonly string[];
  /** It has only a part of its GPU (MPS). */
  readonly isPart: boolean;
  /** When Prolog wrote it, on the clock of the node. */
  readonly prologMs: number;
}

export interface HeldJobs {
  readonly jobs: readonly Held[];
  /** The node's Prolog is not ours, or an older one, that keeps nothing. */
  readonly isMissing: boolean;
  /** Files that could not be read, or are of before the last start of the node. */
  readonly skipped: number;
}

/** What is known without the hooks. */
export const NOTHING_HELD: HeldJobs = { jobs: [], isMissing: true, skipped: 0 };

/** Returns what Prolog said of a job; undefined if it said nothing, or Epilog ran since. */
export const findHeld = ({ jobs }: HeldJobs, key: JobKey): Held | undefined =>
  jobs.find((one) => ('sluid' in key ? one.sluid === key.sluid : one.jobId === key.jobId));

/** The default of `slurm hooks --spool`. */
const SPOOL = '/var/spool/hpc-observe';
/** More than jobs run on a node. */
const MAX_FILES = 10_000;

interface HeldOptions {
  readonly paths: Paths;
  /** The folder into which the hooks write. */
  readonly spool?: string;
  readonly node: string;
}

/**
 * Returns a function that reads what the Prolog of this node keeps of jobs until their Epilog (hook.sh). An
 * Epilog that did not run leaves its file: a restart of the node ends all jobs, so that older files are
 * skipped. Callers ask only for jobs that have a directory. A file is read once.
 */
export function createHeld({ paths, spool = SPOOL, node }: HeldOptions): () => HeldJobs {
  const folder = paths.of(`${spool}/held`);
  let known = new Map<string, Held | undefined>();
  return () => {
    const names = listNames(folder);
    if (names === undefined) return NOTHING_HELD;
    const bootMs = readBootMs(paths);
    const now = new Map<string, Held | undefined>();
    for (const name of names.filter((name) => name.endsWith(`-${node}.event`)).slice(0, MAX_FILES)) {
      const place = `${folder}/${name}`;
      const stat = lstatSync(place, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      const version = `${name} ${stat.ino} ${stat.mtimeMs}`;
      now.set(version, known.has(version) ? known.get(version) : readHeld(place, stat, bootMs));
    }
    known = now;
    const jobs = [...now.values()].filter((held) => held !== undefined);
    return { jobs, isMissing: false, skipped: now.size - jobs.length };
  };
}

/** Throws what the system says of a folder that may not be read. */
function listNames(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function readHeld(path: string, stat: Stats, bootMs: number): Held | undefined {
  if (!stat.isFile() || stat.size > MAX_EVENT_BYTES || stat.mtimeMs < bootMs) return undefined;
  try {
    return heldOf(readVariables(readFileSync(path)), stat.mtimeMs);
  } catch {
    return undefined;
  }
}

/** Returns what the variables of a Prolog of `prologMs` say of its job; undefined without a job id. */
export function heldOf(variables: Variables, prologMs: number): Held | undefined {
  const jobId = variables.get('SLURM_JOB_ID') ?? '';
  if (!/^\d{1,10}$/.test(jobId)) return undefined;
  const sluid = variables.get('SLURM_JOB_SLUID');
  const part = Number(variables.get('CUDA_MPS_ACTIVE_THREAD_PERCENTAGE') ?? 100);
  return {
    jobId,
    ...(sluid && { sluid }),
    gpuIds: readGpuIds(variables) ?? [],
    isPart: part < 100,
    prologMs,
  };
}

/** When this node was started; 0 if that is unknown. */
function readBootMs(paths: Paths): number {
  const [, seconds] = /^btime (\d+)$/m.exec(readText(paths.of('/proc/stat')) ?? '') ?? [];
  return Number(seconds ?? 0) * 1000;
}
