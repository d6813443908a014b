import { NodeReportBody, readNodeReport } from '../../api/node-report.ts';
import { AppError } from '../../domain/errors.ts';
import type { ReceivedReport } from '../../domain/node-report.ts';
import { nullableCheck } from './body-check.ts';

const check = nullableCheck(NodeReportBody);

/** A report that arrived in a batch; or a sentence that says why it is left out. */
interface SentReport {
  readonly received?: ReceivedReport;
  readonly fault?: string;
}

/**
 * Reads what an agent says of its node; empty if it says nothing. A report at fault is left out by itself,
 * because the samples beside it are not worse for it.
 */
export function readReport(report: unknown, nowMs: number): SentReport {
  if (report == null) return {};
  if (!check.accepts(report)) return { fault: `report: ${check.explain(report, 'It')}` };
  try {
    return { received: { report: readNodeReport(report), receivedMs: nowMs } };
  } catch (error) {
    if (error instanceof AppError) return { fault: error.message };
    throw error;
  }
}
