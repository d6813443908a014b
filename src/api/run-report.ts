import type { Verdict } from '../domain/finding/judge.ts';
import type { JobRun } from '../domain/store/runs.ts';
import { renderVerdict } from './finding.ts';
import { renderJob } from './job.ts';
import { renderNodeSummary, renderUsage } from './summary.ts';

/** Renders a run as `/runs` does, with its verdict as `/findings` has it. */
export const renderRunReport = ({ run, job, summary }: JobRun, verdict: Verdict) => ({
  run,
  ...renderJob(job),
  summary: { ...renderUsage(summary.whole), nodes: summary.nodes.map(renderNodeSummary) },
  findings: renderVerdict(job.id, verdict),
});
