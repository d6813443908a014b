import { type ArrayTask, MAX_ARRAY_TASKS } from '../../../domain/array-task.ts';
import type { Sight } from '../../../domain/caller.ts';
import { arrayNotFound } from '../../../domain/errors.ts';
import { isSeen } from '../../../domain/sight.ts';
import type { ArrayTasks } from '../../../domain/store/jobs.ts';
import { type TaskRow, taskOf } from '../../rows/array-task.ts';
import { summarizeMany } from '../samples/many-summaries.ts';
import { inPages } from '../sql/pages.ts';
import type { Queries } from '../sql/queries.ts';

const PAGE_ROWS = 500;

/** Reads the tasks of an array that somebody may see, in the order of their numbers. */
export async function readArray(db: Queries, id: string, nowMs: number, sight: Sight): Promise<ArrayTasks> {
  const { rows, isPartial } = await readRows(db, id, sight);
  if (rows.length === 0) throw arrayNotFound(id);
  const usage = await summarizeMany(
    db,
    rows.map(({ seq }) => seq),
  );
  const tasks: ArrayTask[] = rows.map((row, place) => taskOf(row, usage[place], nowMs));
  return { tasks, isPartial };
}

async function readRows(
  db: Queries,
  id: string,
  sight: Sight,
): Promise<{ rows: TaskRow[]; isPartial: boolean }> {
  const pages = inPages<TaskRow>(
    db,
    `SELECT job.seq, job.id AS "jobId", detail.array_task AS "taskId",
            (SELECT name FROM user_name WHERE id = job.user) AS user,
            (SELECT name FROM label WHERE id = detail.account) AS account, detail.name AS name,
            (SELECT name FROM label WHERE id = detail.partition) AS partition,
            job.state, detail.raw_state AS "rawState", job.started, job.start_time AS start,
            job.end_time AS "endTimeMs", job.suspended, detail.submit_time AS "submitTimeMs",
            detail.time_limit AS "timeLimitSeconds", detail.exit_code AS "exitCode", detail.signal AS signal,
            (SELECT count(*) FROM job_node WHERE job = job.seq) AS nodes, detail.cpus AS cpus, detail.gpus AS gpus,
            detail.memory_limit AS "memoryLimitMb"
       FROM detail JOIN job ON job.seq = detail.job
      WHERE detail.array_job = $1 ORDER BY detail.array_task NULLS FIRST, detail.job`,
    [id],
    PAGE_ROWS,
  );
  const rows: TaskRow[] = [];
  for await (const page of pages) {
    for (const row of page) {
      if (!isSeen(sight, row)) continue;
      if (rows.length === MAX_ARRAY_TASKS) return { rows, isPartial: true };
      rows.push(row);
    }
  }
  return { rows, isPartial: false };
}
