/** Where a job stands in its array. */
export interface ArrayPlace {
  readonly arrayJobId?: string;
  readonly arrayTaskId?: number;
}

const TASK = /^(\d{1,10})_(?:(\d{1,10})|\[[^\]]*\]?)$/;

/**
 * Reads the id that Slurm shows to people: `8_3` is task 3 of the array 8, and `8_[0-4%2]` those of its tasks that
 * wait together, under one number. `20+1`, a component of a heterogeneous job, and `7` stand in no array.
 */
export function readArrayPlace(shownId: string): ArrayPlace {
  if (!shownId.includes('_')) return {};
  const [, arrayJobId, task] = TASK.exec(shownId) ?? [];
  if (arrayJobId === undefined) return {};
  return task === undefined ? { arrayJobId } : { arrayJobId, arrayTaskId: Number(task) };
}
