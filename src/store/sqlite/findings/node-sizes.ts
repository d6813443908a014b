import type { Database } from 'bun:sqlite';
import type { NodeSize } from '../../../domain/finding/finding.ts';

/** What there is on a node does not change while it is up. */
const KEPT_MS = 3_600_000;
const MAX_KEPT = 100_000;

/**
 * Returns a function that reads what there is on nodes, as `readNodeSizes` does, and remembers it for an
 * hour: parsing the report of a node takes longer than judging a job on it.
 */
export function nodeSizeReader() {
  let sizes = new Map<string, NodeSize>();
  const asked = new Set<string>();
  let sinceMs = Number.NEGATIVE_INFINITY;
  return (db: Database, nodes: readonly string[], nowMs: number): ReadonlyMap<string, NodeSize> => {
    if (Math.abs(nowMs - sinceMs) > KEPT_MS || asked.size > MAX_KEPT) {
      sizes = new Map();
      asked.clear();
      sinceMs = nowMs;
    }
    const unknown = nodes.filter((node) => !asked.has(node));
    if (unknown.length === 0) return sizes;
    const select = db.query<{ name: string; cpus: number | null; gpus: number }, [string]>(
      `SELECT name, report ->> '$.values.cpus' AS cpus, json_array_length(report, '$.gpus') AS gpus
         FROM json_each(?) AS wanted CROSS JOIN node_report ON node_report.name = wanted.value`,
    );
    for (const { name, cpus, gpus } of select.iterate(JSON.stringify(unknown)))
      sizes.set(name, { gpus, ...(cpus !== null && { cpus }) });
    for (const node of unknown) asked.add(node);
    return sizes;
  };
}
