import { isGone, type ReadText } from './file.ts';
import type { Paths } from './paths.ts';
import { type JobKey, keyText } from './reading.ts';

/** Processes of a job that are looked at: Slurm's own have no such variables. */
const MAX_PROCESSES = 8;
const MAX_JOBS = 20_000;

interface AllocationOptions {
  readonly paths: Paths;
  readonly readFile: ReadText;
}

/**
 * Returns a function that finds the CPUs which Slurm gave a job on this node, in the environment of one of
 * its processes. Undefined if none may be read, or if the nodes of the job have different numbers of CPUs.
 * Found numbers are remembered.
 */
export function createAllocation({ paths, readFile }: AllocationOptions) {
  const found = new Map<string, number>();

  function find(key: JobKey, pids: readonly string[]): number | undefined {
    for (const pid of pids.slice(0, MAX_PROCESSES)) {
      const cpus = cpusOf(readEnvironment(paths.of(`/proc/${pid}/environ`), readFile), key);
      if (cpus !== undefined) return cpus;
    }
    return undefined;
  }

  return (key: JobKey, pids: () => readonly string[]): number | undefined => {
    const name = keyText(key);
    const known = found.get(name);
    if (known !== undefined) return known;
    const cpus = find(key, pids());
    if (cpus === undefined) return undefined;
    if (found.size >= MAX_JOBS) found.delete(found.keys().next().value!);
    found.set(name, cpus);
    return cpus;
  };
}

/** The text of an environment; undefined where it may not be read, which other ways make up for. */
function readEnvironment(path: string, readFile: ReadText): string | undefined {
  try {
    return readFile(path);
  } catch (error) {
    if (isGone(error) || (error as { code?: string }).code === 'EACCES') return undefined;
    throw error;
  }
}

/**
 * Returns the CPUs per node of a job's environment: SLURM_JOB_CPUS_PER_NODE is `4` or `4(x3)`, or a list such
 * as `4(x2),2`, in which the place of this node is unknown. Undefined if it is that of another job.
 */
export function cpusOf(environment: string | undefined, key: JobKey): number | undefined {
  const variables = new Map(
    (environment ?? '').split('\0').map((line) => {
      const end = line.indexOf('=');
      return [line.slice(0, end), line.slice(end + 1)] as const;
    }),
  );
  const isOurs =
    'jobId' in key
      ? variables.get('SLURM_JOB_ID') === key.jobId
      : variables.get('SLURM_JOB_SLUID') === key.sluid;
  const [, cpus] = /^(\d{1,5})(?:\(x\d+\))?$/.exec(variables.get('SLURM_JOB_CPUS_PER_NODE') ?? '') ?? [];
  return isOurs && Number(cpus) > 0 ? Number(cpus) : undefined;
}
