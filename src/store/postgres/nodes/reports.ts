import {
  isNewerReport,
  MAX_REPORTING_NODES,
  type NodeReport,
  type ReceivedReport,
} from '../../../domain/node-report.ts';
import { inPages } from '../sql/pages.ts';
import type { Queries, Writing } from '../sql/queries.ts';

/** Reports deleted at once. */
const REPORTS_AT_ONCE = 200;
/** Reports of a page: parsing and rendering those of nodes with 8 GPUs takes 2 ms. */
const PAGE_REPORTS = 50;

interface Row {
  readonly received: number;
  readonly report: string;
}

/** Writes the reports of nodes inside the transaction of the group. */
export function nodeReportWriter(db: Writing, maxNodes = MAX_REPORTING_NODES) {
  /** Counted before the first new node. */
  let nodes: number | undefined;

  async function makeRoom(): Promise<void> {
    nodes ??= (await db.get<{ nodes: number }>('SELECT count(*) AS nodes FROM node_report'))!.nodes;
    if (nodes >= maxNodes)
      nodes -= await db.change(
        'DELETE FROM node_report WHERE name = (SELECT name FROM node_report ORDER BY received LIMIT 1)',
      );
    nodes++;
  }

  return {
    /** Stores a report unless a newer one of its node is stored. */
    async save(received: ReceivedReport): Promise<void> {
      const { report, receivedMs } = received;
      const known = await db.get<{ timeMs: number }>(
        'SELECT time AS "timeMs" FROM node_report WHERE name = $1',
        [report.node],
      );
      if (known && !isNewerReport(known, received)) return;
      if (!known) await makeRoom();
      db.send(
        `INSERT INTO node_report (name, time, received, report) VALUES ($1, $2, $3, $4)
           ON CONFLICT (name) DO UPDATE SET time = excluded.time, received = excluded.received, report = excluded.report`,
        [report.node, report.timeMs, receivedMs, JSON.stringify(report)],
      );
    },

    /** Deletes some reports that arrived before `beforeMs`; returns how many. */
    async expire(beforeMs: number): Promise<number> {
      const deleted = await db.change(
        `DELETE FROM node_report WHERE name IN
           (SELECT name FROM node_report WHERE received < $1::bigint ORDER BY received LIMIT ${REPORTS_AT_ONCE})`,
        [beforeMs],
      );
      if (deleted > 0) nodes = undefined;
      return deleted;
    },

    /** Must be called after a rollback. */
    forget(): void {
      nodes = undefined;
    },
  };
}

export type NodeReportWriter = ReturnType<typeof nodeReportWriter>;

const readRow = ({ received, report }: Row): ReceivedReport => ({
  report: JSON.parse(report) as NodeReport,
  receivedMs: received,
});

/** Reads the newest report of each node in the order of names, in pages. */
export async function* readNodeReports(db: Queries): AsyncGenerator<ReceivedReport[], void> {
  const pages = inPages<Row>(db, 'SELECT received, report FROM node_report ORDER BY name', [], PAGE_REPORTS);
  for await (const rows of pages) if (rows.length > 0) yield rows.map(readRow);
}

/** Reads the newest report of a node. */
export async function readNodeReport(db: Queries, node: string): Promise<ReceivedReport | undefined> {
  const row = await db.get<Row>('SELECT received, report FROM node_report WHERE name = $1', [node]);
  return row && readRow(row);
}
