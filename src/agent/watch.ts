import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import { type FindOptions, findFolders, listGroups, parseJobName } from './cgroup/find.ts';
import { isGone } from './file.ts';
import type { JobKey } from './reading.ts';
import { createTimers } from './timers.ts';

/** Something that happened to a job on this node. */
export interface JobEvent {
  /**
   * `began`: its directory is new. `ending`: its last processes ended and its counters may still be there,
   * for some milliseconds. `young`: it may end without that, so that it is read more often than others.
   * `ended`: its directory is gone. Events of one turn can be read in one round.
   */
  readonly kind: 'began' | 'young' | 'ending' | 'ended';
  readonly key: JobKey;
}

export interface WatchOptions extends FindOptions {
  onEvent(event: JobEvent): void;
}

export interface Watch {
  stop(): void;
}

const TICK_MS = 1000;
const LOOK_DELAY_MS = 5;
/** Looks without being told, 2 ms on a large node, for a slurmd that moved to another slice. */
const LOOK_TICKS = 15;
/** Slurm makes the groups of a step one after another; the last of them is there soon after the first. */
const SETTLE_MS = [10, 100];
/** Where nobody tells that a job ends, its last reading lacks this share of its time, or a second. */
const YOUNG_SHARE = 0.05;
/** Then the rounds, every 15 seconds, are as often. */
const YOUNG_MS = 300_000;
/** Steps of one job that are watched; a job with more is read in rounds. */
const MAX_STEPS = 64;
const MAX_WATCHES = 5000;

interface WatchedJob {
  readonly key: JobKey;
  readonly sinceMs: number;
  /** When to tell that it is young. */
  nextMs: number;
  readonly folders: Set<string>;
  /** Groups of steps with tasks in them, by path: whether there are any tasks. */
  readonly steps: Map<string, boolean>;
}

/**
 * Tells when jobs begin and end. The kernel drops the counters of a group with its directory, and a hook of
 * Slurm runs when it is gone, so that the last reading has to be taken between the end of the last task and
 * the end of slurmstepd. In version 2 the kernel tells of the end of a step's tasks (cgroup.events,
 * `populated`), 1 ms later here. In version 1 nothing does: when the first removal of a group is told of,
 * those of CPU time and memory are gone, and only the freezer is left (seen with Slurm 22.05), so that young
 * jobs are read often instead.
 */
export function watchJobs(options: WatchOptions): Watch {
  const jobs = new Map<string, WatchedJob>();
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly ino: number }>();
  const timers = createTimers();
  const { unified } = options.mounts;
  const isUnified = (folder: string) =>
    unified !== undefined && folder.startsWith(`${options.paths.of(unified)}/`);
  let ticks = 0;
  let isLookDue = false;
  /** Looks every second, because inotify has no place left. */
  let mustLook = false;
  const tell = (kind: JobEvent['kind'], { key }: WatchedJob) => options.onEvent({ kind, key });

  /**
   * Calls `onChange` when something changes in a folder or file, also in one that was made again. Returns
   * whether it is watched from now on.
   */
  function listen(path: string, onChange: (name: string | null) => void): boolean {
    try {
      const { ino } = statSync(path);
      if (watchers.get(path)?.ino === ino) return false;
      unlisten(path);
      if (watchers.size >= MAX_WATCHES) throw new Error('too many');
      const watcher = watch(path, (_, name) => onChange(name));
      watcher.on('error', () => unlisten(path));
      watchers.set(path, { watcher, ino });
      return true;
    } catch (error) {
      if (!isGone(error)) mustLook = true;
      return false;
    }
  }

  function unlisten(path: string): void {
    watchers.get(path)?.watcher.close();
    watchers.delete(path);
  }

  /** Watches the tasks of the steps of a job that are new. */
  function watchSteps(job: WatchedJob): void {
    for (const folder of [...job.folders].filter(isUnified)) {
      for (const step of listGroups(folder).slice(0, MAX_STEPS)) {
        const path = `${folder}/${step}/user`;
        const events = `${path}/cgroup.events`;
        if (listen(events, () => noticeTasks(job, path, events))) noticeTasks(job, path, events);
      }
    }
  }

  function noticeTasks(job: WatchedJob, path: string, events: string): void {
    const isPopulated = readPopulated(events);
    const before = job.steps.get(path);
    if (isPopulated === undefined) {
      unlisten(events);
      job.steps.delete(path);
    } else job.steps.set(path, isPopulated);
    // step_extern has a process for as long as the job is there.
    const hasTasks = [...job.steps].some(([step, is]) => is && !step.endsWith('/step_extern/user'));
    if (before && !isPopulated && !hasTasks) tell('ending', job);
  }

  function watchJob(job: WatchedJob, folder: string): void {
    job.folders.add(folder);
    if (!isUnified(folder)) return;
    listen(folder, (name) => {
      if (!name?.startsWith('step_')) return;
      watchSteps(job);
      for (const delayMs of SETTLE_MS) timers.later(delayMs, () => watchSteps(job));
    });
  }

  function forgetJob(name: string, job: WatchedJob): void {
    jobs.delete(name);
    for (const path of watchers.keys())
      if ([...job.folders].some((folder) => path === folder || path.startsWith(`${folder}/`))) unlisten(path);
    tell('ended', job);
  }

  function look(): void {
    const folders = findFolders(options);
    mustLook = false;
    const fresh = [...placesOf(options), ...folders].filter((place) => listen(place, lookSoon));
    // What came between the search and the watch told nobody.
    if (fresh.length > 0) lookSoon();
    const seen = groupJobs(folders);
    for (const [name, job] of jobs) if (!seen.has(name)) forgetJob(name, job);
    for (const [name, { key, paths }] of seen) noticeJob(name, key, paths);
  }

  /** Once for all that happens within a few milliseconds. */
  function lookSoon(): void {
    if (isLookDue) return;
    isLookDue = true;
    timers.later(LOOK_DELAY_MS, () => {
      isLookDue = false;
      look();
    });
  }

  function noticeJob(name: string, key: JobKey, paths: readonly string[]): void {
    const known = jobs.get(name);
    const nowMs = performance.now();
    const job = known ?? {
      key,
      sinceMs: nowMs,
      nextMs: nowMs + TICK_MS / 2,
      folders: new Set<string>(),
      steps: new Map(),
    };
    jobs.set(name, job);
    for (const path of paths) watchJob(job, path);
    watchSteps(job);
    if (!known) tell('began', job);
  }

  function tick(): void {
    if (mustLook || ++ticks % LOOK_TICKS === 0) look();
    for (const job of jobs.values()) noticeAge(job, performance.now());
  }

  function noticeAge(job: WatchedJob, nowMs: number): void {
    const ageMs = nowMs - job.sinceMs;
    if (ageMs > YOUNG_MS || nowMs < job.nextMs || job.steps.size > 0) return;
    job.nextMs = nowMs + ageMs * YOUNG_SHARE;
    tell('young', job);
  }

  look();
  const timer = setInterval(tick, TICK_MS);
  return {
    stop() {
      clearInterval(timer);
      timers.stop();
      for (const path of [...watchers.keys()]) unlisten(path);
    },
  };
}

/** Where Slurm makes its own groups: on version 1 with the first job, on version 2 when slurmd starts. */
function placesOf({ paths, mounts: { unified, controllers } }: FindOptions): string[] {
  const places = unified === undefined ? [] : [unified, `${unified}/system.slice`];
  return [...places, ...controllers.values()].map(paths.of);
}

/** The directories of each job in some folders, by name. */
function groupJobs(folders: readonly string[]) {
  const jobs = new Map<string, { readonly key: JobKey; readonly paths: string[] }>();
  for (const folder of folders) {
    for (const name of listGroups(folder)) {
      const key = parseJobName(name);
      if (!key) continue;
      const job = jobs.get(name) ?? { key, paths: [] };
      job.paths.push(`${folder}/${name}`);
      jobs.set(name, job);
    }
  }
  return jobs;
}

/** Whether a group has processes in it or below it; undefined if it is gone, and in version 1. */
function readPopulated(events: string): boolean | undefined {
  try {
    return /^populated 1$/m.test(readFileSync(events, 'latin1'));
  } catch {
    return undefined;
  }
}
