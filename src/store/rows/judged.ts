import type { Job } from '../../domain/job.ts';
import { measureSummarizer, summarizeNodeMeasures } from '../../domain/measure-summary.ts';
import type { Run } from '../../domain/run.ts';
import type { JobSummary } from '../../domain/store/samples.ts';
import { summarizeJob, summarizeNode, type UsageTotals } from '../../domain/summary.ts';
import { readTotals, type SealedRow } from './totals.ts';

/** A finding of a run: the number of its kind, and the place of its severity in SEVERITIES. */
export interface KeptFinding {
  readonly kind: number;
  readonly severity: number;
}

/** How the findings of a run changed. */
export interface FindingChange {
  readonly before: readonly KeptFinding[];
  readonly after: readonly KeptFinding[];
}

/** A run as the rules read it. */
export const jobOf = (
  id: string,
  { user = '', nodes = [], state, startTimeMs, endTimeMs, ...details }: Run,
): Job => ({
  ...{ id, user, nodes, state, details, cpuUsage: 0, memoryUsageMb: 0 },
  ...(startTimeMs !== undefined && { startTimeMs }),
  ...(endTimeMs !== undefined && { endTimeMs }),
});

/** Summarizes the sealed samples of a run. */
export function summaryOf(rows: readonly SealedRow[]): JobSummary {
  const totals: UsageTotals[] = [];
  const whole = measureSummarizer();
  const nodes = rows.map(({ name, data, ...row }) => {
    const usage = summarizeNode(row);
    const measures = readTotals(data) ?? [];
    totals.push(row);
    whole.add(measures, usage.observedSeconds);
    return { node: name, ...usage, ...summarizeNodeMeasures(measures, usage.observedSeconds) };
  });
  return { whole: { ...summarizeJob(totals), ...whole.summary() }, nodes };
}
