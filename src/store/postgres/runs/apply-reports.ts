import { AppError } from '../../../domain/errors.ts';
import type { Report } from '../../../domain/report.ts';
import { planReport, type ReportPlan, type RunWrite } from '../../../domain/report-plan.ts';
import { type BatchResult, MAX_REFUSALS, type Refusal } from '../../../domain/store/batch.ts';
import { hasSamples, haveSameNodes, numberOf, rowFieldsOf } from '../../rows/run-write.ts';
import { eventWriter } from '../jobs/events.ts';
import type { StoredRun } from '../jobs/latest-run.ts';
import type { JobRows } from '../jobs/row.ts';
import type { Writing } from '../sql/queries.ts';
import { sampleJoiner } from './joined.ts';
import { readNearRuns } from './near.ts';
import { pastRunWriter } from './past.ts';

/** Carries out what reports change (domain `planReport`), inside the transaction of the group. */
export function reportWriter(db: Writing, rows: JobRows) {
  const past = pastRunWriter(db);
  const joinSamples = sampleJoiner(db);
  const events = eventWriter(db);

  /** Writes the latest run of a job to the row that it has, or to a new one; returns its number. */
  async function saveLatest(id: string, write: RunWrite<StoredRun>, isNewJob: boolean): Promise<number> {
    const { run, replaces } = write;
    const fields = rowFieldsOf(run);
    const { user: _u, nodes: _n, state: _s, startTimeMs: _b, endTimeMs: _e, provenance, ...details } = run;
    const detail = { details, provenance };
    if (replaces?.isLatest) {
      await rows.update(replaces.seq, fields, { areNodesSame: haveSameNodes(replaces.run, run), detail });
      return replaces.seq;
    }
    // An earlier run becomes the latest again.
    const [seq] = await rows.insert([{ id, ...fields, seq: numberOf(write), detail }], {
      areNewJobs: isNewJob,
    });
    await past.delete(seq!);
    return seq!;
  }

  /** Writes an earlier run and returns its number. */
  async function savePast(id: string, write: RunWrite<StoredRun>, reportedMs: number): Promise<number> {
    const { run, replaces } = write;
    const seq = await past.save(numberOf(write) ?? replaces?.seq, id, run, reportedMs);
    if (replaces?.isLatest) await rows.remove(replaces.seq);
    rows.tallies.mark([seq]);
    return seq;
  }

  /** Deletes the rows of other runs that turned out to be the run `seq`, which gets their samples. */
  async function joinOthers({ run, replaces, joins }: RunWrite<StoredRun>, seq: number): Promise<void> {
    for (const other of [replaces, ...joins]) {
      if (!other || other.seq === seq) continue;
      if (hasSamples(other)) joinSamples(other.seq, seq, run.nodes ?? []);
      await rows.tallies.join(other.seq);
      await past.delete(other.seq);
    }
  }

  async function carryOut({ id, observedMs }: Report, plan: ReportPlan<StoredRun>): Promise<void> {
    if (plan.leaves) await events.completeFirst(id, plan.leaves);
    // Earlier runs first, so that the id is free for the latest.
    for (const write of plan.past) await joinOthers(write, await savePast(id, write, observedMs));
    if (plan.latest) await joinOthers(plan.latest, await saveLatest(id, plan.latest, plan.isNewJob));
    rows.tally(plan.tally);
    if (plan.event) events.write(id, plan.event);
  }

  /** Returns what became of the report: an error if it is refused, which writes nothing. */
  async function apply(report: Report): Promise<'stored' | 'repeated' | AppError> {
    try {
      const plan = planReport(await readNearRuns(db, report), report);
      if (!plan) return 'repeated';
      await carryOut(report, plan);
      return 'stored';
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
  }

  return {
    async record(reports: readonly Report[]): Promise<BatchResult> {
      const refusals: Refusal[] = [];
      let [stored, refused] = [0, 0];
      for (const [index, report] of reports.entries()) {
        const result = await apply(report);
        if (result === 'stored') stored++;
        else if (result !== 'repeated' && ++refused <= MAX_REFUSALS)
          refusals.push({ index, error: result.code as Refusal['error'], message: result.message });
      }
      return { stored, repeated: reports.length - stored - refused, refused, refusals };
    },
  };
}
