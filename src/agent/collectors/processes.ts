import { readdirSync } from 'node:fs';
import type { JobDirectory } from '../cgroup/find.ts';
import { isGone, type ReadText } from '../file.ts';
import type { Paths } from '../paths.ts';
import { type Collector, known } from './collector.ts';

/** Groups of one job that are looked into: steps, tasks, and containers inside of them. */
const MAX_GROUPS = 4000;
/** proctrack/cgroup keeps every process of a job in the freezer; the others depend on the configuration. */
const V1_CONTROLLERS = ['freezer', 'cpuacct', 'memory', 'cpuset', 'devices', 'pids'];
/** What keeps the step `extern` alive: exec_wait_extern in slurmstepd's mgr.c. */
const EXTERN_SLEEP = /^sleep\0\d{7,}\0$/;

interface Group {
  readonly path: string;
  /** Below the job's directory: 1 is a step. */
  readonly depth: number;
  readonly isExtern: boolean;
}

/**
 * Processes and threads of the job, without Slurm's own: a job that holds a node and runs nothing has 0.
 * Absent where a job has more groups than are looked into.
 */
export function createProcesses(paths: Paths): Collector {
  return {
    name: 'processes',
    read(job, readFile) {
      const folder = folderOf(job);
      if (folder === undefined) return undefined;
      const groups = groupsBelow(folder);
      if (groups === undefined) return undefined;
      const isOurs = (pid: string, group: Group) => {
        const mayBeSlurms = group.depth === 1 || group.isExtern;
        return !mayBeSlurms || !isOfSlurm(pid, paths, readFile);
      };
      const isUnified = folder === job.unified;
      let [processes, threads] = [0, 0];
      for (const group of groups) {
        const pids = linesOf(readFile(`${group.path}/cgroup.procs`));
        // Most groups are empty, and a group without processes has no threads.
        if (pids.length === 0) continue;
        const tasks = linesOf(readFile(`${group.path}/${isUnified ? 'cgroup.threads' : 'tasks'}`));
        const others = pids.filter((pid) => !isOurs(pid, group));
        processes += pids.length - others.length;
        threads += tasks.length - threadsOf(others, paths, readFile);
      }
      return { folder, values: known({ processes, threads: Math.max(processes, threads) }) };
    },
  };
}

/** Lists process ids of a job, at most `max`, for whoever has to look at one of them. */
export function listProcesses(job: JobDirectory, readFile: ReadText, max: number): string[] {
  const folder = folderOf(job);
  const pids: string[] = [];
  for (const { path } of (folder === undefined ? undefined : groupsBelow(folder)) ?? []) {
    if (pids.length >= max) break;
    pids.push(...linesOf(readFile(`${path}/cgroup.procs`)));
  }
  return pids.slice(0, max);
}

const folderOf = ({ unified, controllers }: JobDirectory): string | undefined =>
  unified ?? V1_CONTROLLERS.map((name) => controllers.get(name)).find((folder) => folder !== undefined);

const linesOf = (text: string | undefined): string[] => (text ?? '').split('\n').filter(Boolean);

/** Version 1 keeps slurmstepd in the group of the step or, in the freezer, of the job. */
function isOfSlurm(pid: string, paths: Paths, readFile: ReadText): boolean {
  const command = readFile(paths.of(`/proc/${pid}/cmdline`)) ?? '';
  return command.startsWith('slurmstepd: ') || EXTERN_SLEEP.test(command);
}

function threadsOf(pids: readonly string[], paths: Paths, readFile: ReadText): number {
  const counts = pids.map((pid) =>
    Number(/^Threads:\s+(\d+)/m.exec(readFile(paths.of(`/proc/${pid}/status`)) ?? '')?.[1] ?? 1),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Lists steps and everything below them, but not the groups of slurmstepd; undefined if there are too
 * many, or if the job is gone. Steps may end meanwhile.
 */
function groupsBelow(folder: string): Group[] | undefined {
  const groups: Group[] = [{ path: folder, depth: 0, isExtern: false }];
  for (const group of groups) {
    const names = namesIn(group.path);
    if (groups.length > MAX_GROUPS || (group.depth === 0 && names === undefined)) return undefined;
    for (const name of names ?? []) {
      if (group.depth === 1 && name === 'slurm') continue;
      const isExtern = group.isExtern || (group.depth === 0 && name === 'step_extern');
      groups.push({ path: `${group.path}/${name}`, depth: group.depth + 1, isExtern });
    }
  }
  return groups.slice(1);
}

/** The names of the groups in a group; undefined if it is gone. */
function namesIn(folder: string): string[] | undefined {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
