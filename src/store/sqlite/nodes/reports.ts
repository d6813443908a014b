import type { Database } from 'bun:sqlite';
import {
  isNewerReport,
  MAX_REPORTING_NODES,
  type NodeReport,
  type ReceivedReport,
} from '../../../domain/node-report.ts';

/** Reports deleted at once: well under a millisecond. */
const REPORTS_AT_ONCE = 50;
/** Reports of a page: parsing and rendering those of nodes with 8 GPUs takes 2 ms. */
const PAGE_REPORTS = 50;

/** Writes the reports of nodes inside the transaction of the group. */
export function nodeReportWriter(db: Database, maxNodes = MAX_REPORTING_NODES) {
  const selectKnown = db.query<{ timeMs: number }, [string]>(
    'SELECT time AS timeMs FROM node_report WHERE name = ?',
  );
  const update = db.query('UPDATE node_report SET time = ?, received = ?, report = ? WHERE name = ?');
  const insert = db.query('INSERT INTO node_report (time, received, report, name) VALUES (?, ?, ?, ?)');
  const countNodes = db.query<{ nodes: number }, []>('SELECT count(*) AS nodes FROM node_report');
  const deleteOldest = db.query(
    'DELETE FROM node_report WHERE name = (SELECT name FROM node_report ORDER BY received LIMIT 1)',
  );
  const deleteOld = db.query(
    `DELETE FROM node_report
      WHERE name IN (SELECT name FROM node_report WHERE received < ? ORDER BY received LIMIT ${REPORTS_AT_ONCE})`,
  );
  /** Counted before the first new node, because counting 100,000 takes milliseconds. */
  let nodes: number | undefined;

  function makeRoom(): void {
    nodes ??= countNodes.get()!.nodes;
    if (nodes >= maxNodes) nodes -= deleteOldest.run().changes;
    nodes++;
  }

  return {
    /** Stores a report unless a newer one of its node is stored. */
    save(received: ReceivedReport): void {
      const { report, receivedMs } = received;
      const known = selectKnown.get(report.node);
      if (known && !isNewerReport(known, received)) return;
      if (!known) makeRoom();
      (known ? update : insert).run(report.timeMs, receivedMs, JSON.stringify(report), report.node);
    },

    /** Deletes reports that arrived before `beforeMs` until `isOver`; returns whether there may be more. */
    expire(beforeMs: number, isOver: () => boolean): boolean {
      while (deleteOld.run(beforeMs).changes > 0) {
        nodes = undefined;
        if (isOver()) return true;
      }
      return false;
    },

    /** Must be called after a rollback. */
    forget(): void {
      nodes = undefined;
    },
  };
}

export type NodeReportWriter = ReturnType<typeof nodeReportWriter>;

/** Reads the newest report of each node in the order of names, in pages. */
export function* readNodeReports(db: Database): Generator<ReceivedReport[]> {
  const select = db.query<{ received: number; report: string }, []>(
    'SELECT received, report FROM node_report ORDER BY name',
  );
  let page: ReceivedReport[] = [];
  for (const { received, report } of select.iterate()) {
    page.push({ report: JSON.parse(report) as NodeReport, receivedMs: received });
    if (page.length < PAGE_REPORTS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** Reads the newest report of a node. */
export function nodeReportReader(db: Database): (node: string) => ReceivedReport | undefined {
  const select = db.query<{ received: number; report: string }, [string]>(
    'SELECT received, report FROM node_report WHERE name = ?',
  );
  return (node) => {
    const row = select.get(node);
    return row ? { report: JSON.parse(row.report) as NodeReport, receivedMs: row.received } : undefined;
  };
}
