import type { Verdict } from '../domain/finding/verdict.ts';
import type { Sizing } from '../domain/sizing/sizing.ts';
import type { JobRun } from '../domain/store/runs.ts';
import { renderVerdict } from './finding.ts';
import { renderJob } from './job.ts';
import { renderSizing } from './sizing.ts';
import { renderNodeSummary, renderUsage } from './summary.ts';

/** Renders a run as `/runs` does, with its verdict and sizing as `/findings` and `/sizing` have them. */
export const renderRunReport = ({ run, job, summary }: JobRun, verdict: Verdict, sizing: Sizing) => ({
  run,
  ...renderJob(job),
  summary: { ...renderUsage(summary.whole), nodes: summary.nodes.map(renderNodeSummary) },
  findings: renderVerdict(job.id, verdict),
  sizing: renderSizing(job.id, sizing),
});
