import type { Database } from 'bun:sqlite';
import { type ArrayTask, MAX_ARRAY_TASKS } from '../../../domain/array-task.ts';
import type { Sight } from '../../../domain/caller.ts';
import { arrayNotFound } from '../../../domain/errors.ts';
import { isSeen } from '../../../domain/sight.ts';
import type { ArrayTasks } from '../../../domain/store/jobs.ts';
import { type TaskRow, taskOf } from '../../rows/array-task.ts';
import { manySummarizer } from '../samples/many-summaries.ts';

/** Rows read between two yields. */
const STEP_ROWS = 200;

/** Reads the tasks of an array that somebody may see, in the order of their numbers, step by step. */
export function* readArray(
  db: Database,
  id: string,
  nowMs: number,
  sight: Sight,
): Generator<undefined, ArrayTasks> {
  const select = db.query<TaskRow, [string]>(
    `SELECT job.seq, job.id AS jobId, detail.array_task AS taskId,
            (SELECT name FROM user WHERE id = job.user) AS user,
            (SELECT name FROM label WHERE id = detail.account) AS account, detail.name AS name,
            (SELECT name FROM label WHERE id = detail.partition) AS partition,
            job.state, detail.raw_state AS rawState, job.started, job.start_time AS start,
            job.end_time AS endTimeMs, job.suspended, detail.submit_time AS submitTimeMs,
            detail.time_limit AS timeLimitSeconds, detail.exit_code AS exitCode, detail.signal AS signal,
            (SELECT count(*) FROM job_node WHERE job = job.seq) AS nodes, detail.cpus AS cpus, detail.gpus AS gpus,
            detail.memory_limit AS memoryLimitMb
       FROM detail INDEXED BY detail_by_array CROSS JOIN job ON job.seq = detail.job
      WHERE detail.array_job = ? ORDER BY detail.array_task, detail.job`,
  );
  const rows: TaskRow[] = [];
  let isPartial = false;
  let read = 0;
  for (const row of select.iterate(id)) {
    if (isSeen(sight, row)) {
      isPartial = rows.length === MAX_ARRAY_TASKS;
      if (isPartial) break;
      rows.push(row);
    }
    if (++read % STEP_ROWS === 0) yield;
  }
  if (rows.length === 0) throw arrayNotFound(id);
  const usage = yield* manySummarizer(db)(rows.map(({ seq }) => seq));
  const tasks: ArrayTask[] = [];
  for (const [place, row] of rows.entries()) {
    tasks.push(taskOf(row, usage[place], nowMs));
    if (tasks.length % STEP_ROWS === 0) yield;
  }
  return { tasks, isPartial };
}
