import type { FindingKind } from '../../domain/finding/severity.ts';
import type { Job } from '../../domain/job.ts';
import type { Detail } from '../../domain/run.ts';
import { combineUsage, type Usage } from '../../domain/sample.ts';
import { describeDetail, inOrder } from './job.ts';
import { worstOf } from './judged.ts';
import { stateName } from './states.ts';

/** A row of `job`, with the name of the user. */
export interface JobRow {
  seq: number;
  id: string;
  user: string;
  state: number;
  start_time: number;
  /** 0: it has not started, and start_time only orders it in lists. */
  started: number;
  end_time: number | null;
}

/** What other tables have of jobs, by the numbers of their rows. */
export interface JobParts {
  readonly nodes: ReadonlyMap<number, readonly { position: number; name: string }[]>;
  readonly usage: ReadonlyMap<number, Usage[]>;
  readonly details: ReadonlyMap<number, Detail>;
  readonly findings: ReadonlyMap<number, readonly FindingKind[]>;
}

/** Makes jobs of their rows, in the same order. */
export const completeRows = (
  found: readonly JobRow[],
  { nodes, usage, details, findings }: JobParts,
): Job[] =>
  found.map((row) => ({
    id: row.id,
    user: row.user,
    nodes: inOrder(nodes.get(row.seq) ?? []),
    state: stateName(row.state),
    ...(row.started === 1 && { startTimeMs: row.start_time }),
    ...(row.end_time !== null && { endTimeMs: row.end_time }),
    ...combineUsage(usage.get(row.seq) ?? []),
    ...describeDetail(details.get(row.seq), row.end_time !== null),
    ...worstOf(findings.get(row.seq)),
  }));
