import { MAX_NODES } from '../../domain/job.ts';
import type { Report } from '../../domain/report.ts';

/**
 * Cuts reports into portions for one commit each: at most `maxReports` reports with at most `maxNodes` nodes
 * together. A report with more nodes is a portion by itself.
 */
export function* cutPortions(
  reports: readonly Report[],
  maxReports: number,
  maxNodes = MAX_NODES,
): Generator<readonly Report[]> {
  let start = 0;
  let nodes = 0;
  for (const [index, report] of reports.entries()) {
    const own = report.nodes?.length ?? 0;
    if (index > start && (index - start === maxReports || nodes + own > maxNodes)) {
      yield reports.slice(start, index);
      start = index;
      nodes = 0;
    }
    nodes += own;
  }
  if (start < reports.length) yield reports.slice(start);
}
