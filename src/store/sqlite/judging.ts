import type { Thresholds } from '../../domain/finding/thresholds.ts';
import type { Upkeep } from '../../domain/store/upkeep.ts';
import type { LongReads } from './file/long-reads.ts';
import { runningJudge } from './findings/running.ts';
import type { Writer } from './writer/queue.ts';

/** Runs whose findings change in one write: some milliseconds. */
const KEPT_AT_ONCE = 100;

interface JudgingOptions {
  readonly thresholds: Thresholds;
  readonly compute: LongReads['compute'];
  readonly writer: Pick<Writer, 'submit'>;
}

/** Returns the judge of running jobs, which reads beside other requests and writes what changed. */
export function judgeRunning({ thresholds, compute, writer }: JudgingOptions): Upkeep['judgeRunning'] {
  const judge = runningJudge(thresholds);
  return async (nowMs, limit, signal) => {
    const { found, ...judged } = await compute((connection) => judge(connection, nowMs, limit), signal);
    for (let at = 0; at < found.length; at += KEPT_AT_ONCE)
      await writer.submit('keepRunningFindings', { found: found.slice(at, at + KEPT_AT_ONCE) });
    return judged;
  };
}
