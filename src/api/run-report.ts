import { Type } from '@sinclair/typebox';
import type { Verdict } from '../domain/finding/verdict.ts';
import type { Sizing } from '../domain/sizing/sizing.ts';
import type { JobRun } from '../domain/store/runs.ts';
import type { Wire } from './field.ts';
import { renderVerdict, VerdictAnswer } from './finding.ts';
import { RunAnswer, renderRun } from './run.ts';
import { renderSizing, SizingAnswer } from './sizing.ts';

/** A run as `/runs` has it, with its verdict and sizing as `/findings` and `/sizing` have them. */
export const RunReport = Type.Object(
  { ...RunAnswer.properties, findings: VerdictAnswer, sizing: SizingAnswer },
  { additionalProperties: false },
);
type RunReport = Wire<typeof RunReport>;

/** Renders what `hpc-observe job --json` prints. */
export const renderRunReport = (run: JobRun, verdict: Verdict, sizing: Sizing): RunReport => ({
  ...renderRun(run),
  findings: renderVerdict(run.job.id, verdict),
  sizing: renderSizing(run.job.id, sizing),
});
