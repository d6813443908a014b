import type { Job, JobLife } from '../../domain/job.ts';
import type { Detail } from '../../domain/run.ts';
import { isConfirmed, isReported } from '../../domain/trust.ts';
import { stateNumber } from './states.ts';

/** The `first_node` of a job that has no nodes yet. */
export const NO_NODE = 0;
/** The partition number of a job whose partition is unknown. */
export const NO_PARTITION = 0;

/** What the tables `job` and `job_node` store of one job. */
export interface JobFields extends JobLife {
  readonly user: string;
  readonly nodes: readonly string[];
}

/** A job to be inserted. */
export interface InsertedJob extends JobFields {
  readonly id: string;
  /** The number of the row; a new one if omitted. */
  readonly seq?: number | undefined;
  readonly detail?: Detail | undefined;
}

/** Returns the columns of a job's life. */
export const lifeOf = ({ state, startTimeMs, hasStarted, endTimeMs }: JobLife) =>
  [
    stateNumber(state),
    startTimeMs,
    Number(hasStarted),
    endTimeMs === undefined ? null : Math.max(endTimeMs, startTimeMs),
  ] as const;

/** Returns the seconds that lists and `/metrics` subtract, which the row of a job has beside its times. */
export const suspendedOf = (detail: Detail | undefined): number => detail?.details.suspendedSeconds ?? 0;

/** Returns the names of a job's nodes in their order. */
export function inOrder(nodes: readonly { position: number; name: string }[]): string[] {
  const names = new Array<string>(nodes.length);
  for (const { position, name } of nodes) names[position] = name;
  return names;
}

/** Returns what a job shows of its details. */
export function describeDetail(
  detail: Detail | undefined,
  hasEnded: boolean,
): Pick<Job, 'details' | 'isEndConfirmed'> {
  if (!detail) return {};
  return {
    ...(Object.keys(detail.details).length > 0 && { details: detail.details }),
    ...(hasEnded && isReported(detail) && { isEndConfirmed: isConfirmed(detail) }),
  };
}
