import { renderNodeSummary, renderUsage } from '../../api/summary.ts';
import type { JobSummary } from '../../domain/store/samples.ts';

/** Nodes per part of the text. */
const NODES_AT_ONCE = 200;

/** Renders a summary as JSON, in parts: a job may have 100,000 nodes. */
export function* summaryParts({ whole, nodes }: JobSummary): Generator<string> {
  yield `${JSON.stringify(renderUsage(whole)).slice(0, -1)},"nodes":[`;
  for (let start = 0; start < nodes.length; start += NODES_AT_ONCE) {
    const part = nodes.slice(start, start + NODES_AT_ONCE);
    yield `${start > 0 ? ',' : ''}${JSON.stringify(part.map(renderNodeSummary)).slice(1, -1)}`;
  }
  yield ']}';
}
