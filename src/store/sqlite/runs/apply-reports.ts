import type { Database } from 'bun:sqlite';
import { AppError } from '../../../domain/errors.ts';
import type { Report } from '../../../domain/report.ts';
import { planReport, type ReportPlan, type RunWrite } from '../../../domain/report-plan.ts';
import { type BatchResult, MAX_REFUSALS, type Refusal } from '../../../domain/store/batch.ts';
import { hasSamples, haveSameNodes, numberOf, rowFieldsOf } from '../../rows/run-write.ts';
import { eventWriter } from '../jobs/events.ts';
import type { StoredRun } from '../jobs/latest-run.ts';
import type { JobRows } from '../jobs/row.ts';
import { sampleJoiner } from './joined.ts';
import { nearRunReader } from './near.ts';
import { pastRunWriter } from './past.ts';

/** Carries out what reports change (domain `planReport`), inside the transaction of the group. */
export function reportWriter(db: Database, rows: JobRows) {
  const readRuns = nearRunReader(db);
  const past = pastRunWriter(db);
  const joinSamples = sampleJoiner(db);
  const events = eventWriter(db);

  /** Writes the latest run of a job to the row that it has, or to a new one; returns its number. */
  function saveLatest(id: string, write: RunWrite<StoredRun>, isNewJob: boolean): number {
    const { run, replaces } = write;
    const fields = rowFieldsOf(run);
    const { user: _u, nodes: _n, state: _s, startTimeMs: _b, endTimeMs: _e, provenance, ...details } = run;
    const detail = { details, provenance };
    if (replaces?.isLatest) {
      rows.update(replaces.seq, fields, { areNodesSame: haveSameNodes(replaces.run, run), detail });
      return replaces.seq;
    }
    // An earlier run becomes the latest again.
    const [seq] = rows.insert([{ id, ...fields, seq: numberOf(write), detail }], { areNewJobs: isNewJob });
    past.delete(seq!);
    return seq!;
  }

  /** Writes an earlier run and returns its number. */
  function savePast(id: string, write: RunWrite<StoredRun>, reportedMs: number): number {
    const { run, replaces } = write;
    const seq = past.save(numberOf(write) ?? replaces?.seq, id, run, reportedMs);
    if (replaces?.isLatest) rows.remove(replaces.seq);
    rows.tallies.mark(seq);
    return seq;
  }

  /** Deletes the rows of other runs that turned out to be the run `seq`, which gets their samples. */
  function joinOthers({ run, replaces, joins }: RunWrite<StoredRun>, seq: number): void {
    for (const other of [replaces, ...joins]) {
      if (!other || other.seq === seq) continue;
      if (hasSamples(other)) joinSamples(other.seq, seq, run.nodes ?? []);
      rows.tallies.join(other.seq);
      past.delete(other.seq);
    }
  }

  function carryOut({ id, observedMs }: Report, plan: ReportPlan<StoredRun>): void {
    if (plan.leaves) events.completeFirst(id, plan.leaves);
    // Earlier runs first, so that the id is free for the latest.
    for (const write of plan.past) joinOthers(write, savePast(id, write, observedMs));
    if (plan.latest) joinOthers(plan.latest, saveLatest(id, plan.latest, plan.isNewJob));
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
