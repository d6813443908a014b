import type { EndedJob } from '../../domain/ended-job.ts';
import { stateName } from './states.ts';

/** What engines read of a job that ended. */
export interface EndedJobRow {
  readonly id: string;
  readonly user: string;
  readonly account: string | null;
  readonly state: number;
  readonly rawState: string | null;
  readonly node: string | null;
  readonly started: number;
  readonly startTimeMs: number;
  readonly endTimeMs: number;
  readonly suspendedSeconds: number;
}

/** Makes an ended job of its row. */
export const endedJobOf = ({
  account,
  state,
  rawState,
  node,
  started,
  startTimeMs,
  ...row
}: EndedJobRow): EndedJob => ({
  ...row,
  ...(account !== null && { account }),
  state: stateName(state),
  ...(rawState !== null && { rawState }),
  ...(node !== null && { node }),
  ...(started === 1 && { startTimeMs }),
});
