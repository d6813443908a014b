import { readdirSync, statSync } from 'node:fs';
import type { Paths } from '../paths.ts';
import type { JobKey } from '../reading.ts';
import type { CgroupMounts } from './mounts.ts';

/** The directories of one job on this node. */
export interface JobDirectory {
  readonly key: JobKey;
  /** In the hierarchy of version 2. */
  readonly unified?: string;
  /** In those of version 1, by controller. */
  readonly controllers: ReadonlyMap<string, string>;
}

export interface FindOptions {
  readonly paths: Paths;
  readonly mounts: CgroupMounts;
  /** The name of this node in Slurm: several slurmd of one machine have a tree each. */
  readonly node: string;
}

/**
 * CgroupSlice= puts the scope into another slice, and a container, also one of Kubernetes, below its own
 * group.
 */
const MAX_SCOPE_DEPTH = 7;
/** Directories that a search looks into, whatever else the machine keeps in its cgroups. */
const MAX_DIRECTORIES = 5000;
const MAX_JOBS = 10_000;

const JOB = /^job_(\d+)$/;
/** `s` and 13 digits of Crockford's base 32: sluid.c of Slurm 24.11 and later. */
const SLUID = /^s[0-9A-HJKMNP-TV-Z]{13}$/;

interface FoundJob {
  readonly key: JobKey;
  unified?: string;
  readonly controllers: Map<string, string>;
}

/** Finds the jobs that Slurm keeps in cgroups on this node, in any layout of Slurm 21.08 to 26.05. */
export function findJobs(options: FindOptions): JobDirectory[] {
  const jobs = new Map<string, FoundJob>();
  const jobOf = (name: string) => {
    const key = parseJobName(name);
    if (!key) return undefined;
    const known = jobs.get(name);
    if (known || jobs.size >= MAX_JOBS) return known;
    const job: FoundJob = { key, controllers: new Map<string, string>() };
    jobs.set(name, job);
    return job;
  };
  for (const scope of findScopes(options)) {
    for (const name of listGroups(scope)) {
      const job = jobOf(name);
      if (job) job.unified = `${scope}/${name}`;
    }
  }
  for (const [controller, point] of options.mounts.controllers) {
    for (const [name, path] of jobsOfController(options.paths.of(point), options.node)) {
      jobOf(name)?.controllers.set(controller, path);
    }
  }
  return [...jobs.values()];
}

/** The key in the name of a directory; undefined for `system`, `slurmd` and others that are no job. */
export function parseJobName(name: string): JobKey | undefined {
  const [, jobId] = JOB.exec(name) ?? [];
  if (jobId !== undefined) return { jobId };
  return SLUID.test(name) ? { sluid: name } : undefined;
}

/** Finds the scopes of slurmstepd, which the watch for new jobs needs too. */
export function findScopes({ paths, mounts, node }: FindOptions): string[] {
  if (mounts.unified === undefined) return [];
  const names = [`${node}_slurmstepd.scope`, 'slurmstepd.scope'];
  const scopes: string[] = [];
  let level = [paths.of(mounts.unified)];
  let visited = 0;
  for (let depth = 0; depth < MAX_SCOPE_DEPTH; depth++) {
    const folders = level.slice(0, MAX_DIRECTORIES - visited);
    visited += folders.length;
    const inside = folders.flatMap((folder) =>
      listGroups(folder).map((name) => ({ name, path: `${folder}/${name}` })),
    );
    scopes.push(...inside.filter(({ name }) => names.includes(name)).map(({ path }) => path));
    level = inside.filter(({ name }) => mayHaveScopes(name)).map(({ path }) => path);
  }
  return scopes;
}

/** Groups without a slurmd below them: of users and their sessions, and of other slurmds of this machine. */
const NO_SCOPES = /^(user\.slice|user-.*|session-.*|init\.scope|.*slurmstepd\.scope)$/;
const mayHaveScopes = (name: string): boolean => !NO_SCOPES.test(name);

/** Yields the job directories below `slurm/uid_*` of a controller of version 1. */
function* jobsOfController(point: string, node: string): Generator<[name: string, path: string]> {
  for (const folder of usersOfController(point, node))
    for (const name of listGroups(folder)) yield [name, `${folder}/${name}`];
}

const usersOfController = (point: string, node: string): string[] =>
  [`slurm_${node}`, 'slurm'].flatMap((top) =>
    listGroups(`${point}/${top}`)
      .filter((name) => name.startsWith('uid_'))
      .map((name) => `${point}/${top}/${name}`),
  );

/** Lists the folders in which directories of jobs come and go; none on a node where Slurm uses no cgroups. */
export function findFolders(options: FindOptions): string[] {
  const { paths, mounts, node } = options;
  const points = [...mounts.controllers.values()].map(paths.of);
  const tops = points.flatMap((point) =>
    listGroups(point)
      .filter((name) => name === 'slurm' || name === `slurm_${node}`)
      .map((name) => `${point}/${name}`),
  );
  return [...findScopes(options), ...tops, ...points.flatMap((point) => usersOfController(point, node))];
}

/** Whether Slurm has groups in a controller of version 1; it keeps its own when the last job ends. */
export function usesController({ paths, mounts, node }: FindOptions, controller: string): boolean {
  const point = mounts.controllers.get(controller);
  const names = point === undefined ? [] : listGroups(paths.of(point));
  return names.includes('slurm') || names.includes(`slurm_${node}`);
}

/** The names of the directories in a folder in order; none if it is gone, as jobs may be at any moment. */
export function listGroups(folder: string): string[] {
  return listLiveGroups(folder) ?? [];
}

/** The names of the directories in a folder in order; undefined if it is gone. */
export function listLiveGroups(folder: string): string[] | undefined {
  try {
    // The links of a folder are its name, `.` and one of each folder in it: 5 µs in place of 50.
    if (statSync(folder).nlink === 2) return [];
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch {
    return undefined;
  }
}
