import { type JobDirectory, listLiveGroups } from '../cgroup/find.ts';
import type { ReadText } from '../file.ts';
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
  /** Set when its groups are listed. */
  isLeaf: boolean;
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
      const isUnified = folder === job.unified;
      const counts = groups
        .filter((group) => !isUnified || !isFrame(group))
        .map((group) => countGroup(group, isUnified ? 'cgroup.threads' : 'tasks', paths, readFile));
      const processes = counts.reduce((sum, count) => sum + count.processes, 0);
      const threads = counts.reduce((sum, count) => sum + count.threads, 0);
      return { folder, values: known({ processes, threads: Math.max(processes, threads) }) };
    },
  };
}

function countGroup(group: Group, taskFile: string, paths: Paths, readFile: ReadText) {
  const pids = linesOf(readFile(`${group.path}/cgroup.procs`));
  // Most groups are empty, and a group without processes has no threads.
  if (pids.length === 0) return { processes: 0, threads: 0 };
  const tasks = linesOf(readFile(`${group.path}/${taskFile}`));
  const mayBeSlurms = group.depth === 1 || group.isExtern;
  const slurms = mayBeSlurms ? pids.filter((pid) => isOfSlurm(pid, paths, readFile)) : [];
  return {
    processes: pids.length - slurms.length,
    threads: tasks.length - threadsOf(slurms, paths, readFile),
  };
}

/** In version 2 a step and its `user` only hold other groups; not reading theirs saves 26 µs a step. */
const isFrame = ({ depth, isLeaf }: Group): boolean => depth <= 2 && !isLeaf;

/** Lists process ids of a job, at most `max`, for callers that look at single processes. */
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
  const groups: Group[] = [{ path: folder, isLeaf: false, depth: 0, isExtern: false }];
  for (const group of groups) {
    const names = listLiveGroups(group.path);
    if (groups.length > MAX_GROUPS || (group.depth === 0 && names === undefined)) return undefined;
    group.isLeaf = names?.length === 0;
    const isOwn = (name: string) => group.depth === 1 && name === 'slurm';
    for (const name of (names ?? []).filter((name) => !isOwn(name))) {
      const isExtern = group.isExtern || (group.depth === 0 && name === 'step_extern');
      groups.push({ path: `${group.path}/${name}`, isLeaf: false, depth: group.depth + 1, isExtern });
    }
  }
  return groups.slice(1);
}
