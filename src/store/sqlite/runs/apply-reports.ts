import type { Database } from 'bun:sqlite';
import { AppError } from '../../../domain/errors.ts';
import type { Report } from '../../../domain/report.ts';
import { planReport, type ReportPlan, type RunWrite } from '../../../domain/report-plan.ts';
import { listedStartMs, type Run } from '../../../domain/run.ts';
import { type BatchResult, MAX_REFUSALS, type Refusal } from '../../../domain/store/batch.ts';
import { eventWriter } from '../jobs/events.ts';
import type { StoredRun } from '../jobs/latest-run.ts';
import type { JobRows } from '../jobs/row.ts';
import { nearRunReader } from './near.ts';
import { pastRunWriter } from './past.ts';

/** Carries out what reports change (domain `planReport`), inside the transaction of the group. */
export function reportWriter(db: Database, rows: JobRows) {
  const readRuns = nearRunReader(db);
  const past = pastRunWriter(db);
  const events = eventWriter(db);

  /** Writes the latest run of a job to the row that it has, or to a new one. */
  function saveLatest(id: string, { run, replaces }: RunWrite<StoredRun>, isNewJob: boolean): void {
    const fields = rowFieldsOf(run);
    const { user: _u, nodes: _n, state: _s, startTimeMs: _b, endTimeMs: _e, provenance, ...details } = run;
    const detail = { details, provenance };
    if (replaces?.isLatest) {
      rows.update(replaces.seq, fields, { areNodesSame: haveSameNodes(replaces.run, run), detail });
      return;
    }
    // An earlier run becomes the latest again. Negative numbers are of runs without samples.
    const seq = replaces && replaces.seq > 0 ? replaces.seq : undefined;
    rows.insert(id, fields, { isNewJob, seq, detail });
    if (replaces) past.delete(replaces.seq);
  }

  function savePast(id: string, { run, replaces }: RunWrite<StoredRun>, reportedMs: number): void {
    past.save(replaces?.seq, id, run, reportedMs);
    if (replaces?.isLatest) rows.remove(replaces.seq);
  }

  function carryOut({ id, observedMs }: Report, plan: ReportPlan<StoredRun>): void {
    if (plan.leaves) events.completeFirst(id, plan.leaves);
    for (const { seq } of plan.gone) past.delete(seq);
    // Earlier runs first, so that the id is free for the latest.
    for (const write of plan.past) savePast(id, write, observedMs);
    if (plan.latest) saveLatest(id, plan.latest, plan.isNewJob);
    rows.tally(plan.tally);
    if (plan.event) events.write(id, plan.event);
  }

  /** Returns what became of the report: an error if it is refused, which writes nothing. */
  function apply(report: Report): 'stored' | 'repeated' | AppError {
    try {
      const plan = planReport(readRuns(report), report);
      if (!plan) return 'repeated';
      carryOut(report, plan);
      return 'stored';
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
  }

  return {
    record(reports: readonly Report[]): BatchResult {
      const refusals: Refusal[] = [];
      let [stored, refused] = [0, 0];
      for (const [index, report] of reports.entries()) {
        const result = apply(report);
        if (result === 'stored') stored++;
        else if (result !== 'repeated' && ++refused <= MAX_REFUSALS)
          refusals.push({ index, error: result.code as Refusal['error'], message: result.message });
      }
      return { stored, repeated: reports.length - stored - refused, refused, refusals };
    },
  };
}

/** The fields of a run that are in the rows of `job` and `job_node`. */
function rowFieldsOf(run: Run) {
  const { user, nodes = [], state, startTimeMs, endTimeMs } = run;
  return {
    user: user!,
    nodes,
    state,
    startTimeMs: listedStartMs(run),
    hasStarted: startTimeMs !== undefined,
    endTimeMs,
  };
}

const haveSameNodes = ({ nodes = [] }: Run, { nodes: others = [] }: Run): boolean =>
  nodes.length === others.length && nodes.every((node, index) => node === others[index]);
