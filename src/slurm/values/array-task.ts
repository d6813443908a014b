/** Identifies the array of a job and its task; `arrayTaskId` is absent while the tasks wait together. */
export interface ArrayTask {
  readonly arrayJobId?: string;
  readonly arrayTaskId?: number;
  /** How many tasks may run at the same time; known of those that wait together. */
  readonly arrayTaskLimit?: number;
}

const TASK = /^(\d{1,10})_(?:(\d{1,10})|\[[^\]%]*(?:%(\d{1,10})(?=\]))?[^\]]*\]?)$/;

/**
 * Reads the job id as Slurm displays it: `8_3` is task 3 of array 8,
 * `8_[0-4%2]` the waiting tasks of array 8, which share one job id. Empty for
 * any other id, such as `7` or `20+1`, a component of a heterogeneous job.
 */
export function readArrayTask(displayedId: string): ArrayTask {
  if (!displayedId.includes('_')) return {};
  const [, arrayJobId, task, limit] = TASK.exec(displayedId) ?? [];
  if (arrayJobId === undefined) return {};
  if (task !== undefined) return { arrayJobId, arrayTaskId: Number(task) };
  return limit === undefined ? { arrayJobId } : { arrayJobId, arrayTaskLimit: Number(limit) };
}
