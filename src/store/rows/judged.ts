import { type FindingKind, SEVERITIES } from '../../domain/finding/severity.ts';
import { worstFirst } from '../../domain/finding/worst.ts';
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

/** A running job, by the number of its run, whose findings differ from those that are kept. */
export interface FoundRun {
  readonly run: number;
  readonly findings: readonly FindingKind[];
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

/** A kept finding, by the name of its kind. */
export interface FindingRow {
  readonly run: number;
  readonly kind: string;
  readonly severity: number;
}

/** Returns the findings of each run, the worst first; a run without any is missing. */
export function findingsByRun(rows: Iterable<FindingRow>): Map<number, FindingKind[]> {
  const byRun = new Map<number, FindingKind[]>();
  for (const { run, kind, severity } of rows) {
    const known = byRun.get(run);
    const finding = { kind, severity: SEVERITIES[severity]! };
    if (known) known.push(finding);
    else byRun.set(run, [finding]);
  }
  for (const [run, findings] of byRun) if (findings.length > 1) byRun.set(run, worstFirst(findings));
  return byRun;
}

/** Returns what a job shows of its findings, which are sorted. */
export const worstOf = (findings: readonly FindingKind[] | undefined): Pick<Job, 'finding'> =>
  findings?.[0] ? { finding: findings[0] } : {};

/** Returns a text that is the same for the same findings. */
export const keyOfFindings = (findings: readonly FindingKind[]): string =>
  findings
    .map(({ kind, severity }) => `${kind} ${severity}`)
    .sort()
    .join();
