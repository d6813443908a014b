import type { ReadText } from '../file.ts';
import { type JobDirectory, listLiveGroups } from './find.ts';

/** Groups of one job that are looked into. */
const MAX_GROUPS = 4000;

/**
 * Returns whether any process is in the groups of a job, Slurm's own included: a step that is there has its
 * slurmstepd. With more groups than are looked into, it is.
 */
export function isPopulated({ unified, controllers }: JobDirectory, readFile: ReadText): boolean {
  const events = unified === undefined ? undefined : readFile(`${unified}/cgroup.events`);
  if (events !== undefined && /^populated 1$/m.test(events)) return true;
  // The kernel's word is good for all that is below.
  const folders = [
    ...(unified !== undefined && events === undefined ? [unified] : []),
    ...controllers.values(),
  ];
  return folders.some((folder) => hasProcesses(folder, readFile));
}

/** Version 1 has no such word. */
function hasProcesses(folder: string, readFile: ReadText): boolean {
  const groups = [folder];
  for (const group of groups) {
    if (groups.length > MAX_GROUPS) return true;
    if ((readFile(`${group}/cgroup.procs`) ?? '').trim() !== '') return true;
    groups.push(...(listLiveGroups(group) ?? []).map((name) => `${group}/${name}`));
  }
  return false;
}
