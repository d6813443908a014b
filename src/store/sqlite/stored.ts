import type { Database } from 'bun:sqlite';
import { unpackTimes } from './chunk.ts';
import { unpackIfWhole } from './damage.ts';
import type { Target } from './targets.ts';

/** Looks up whether samples have been stored already. */
export function storedFinder(db: Database) {
  const selectSealed = db.query<{ sealed: number }, [number]>('SELECT sealed FROM usage WHERE id = ?');
  // From the newest arrival to the oldest, as far as the log has not been sealed. What came before a sample is at most as
  // much newer as one has ever been late: behind a sample that is older than all that is asked for by more, nothing is found.
  const walkChain = db.query<{ time: number }, [number, number, number]>(
    `WITH RECURSIVE chain (previous, time) AS (
       SELECT previous, time FROM sample WHERE seq = ?1 AND seq > ?2
        UNION ALL
       SELECT sample.previous, sample.time FROM chain JOIN sample ON sample.seq = chain.previous
        WHERE sample.seq > ?2 AND chain.time >= ?3)
     SELECT time FROM chain`,
  );
  const selectChunks = db.query<{ start_time: number; end_time: number; data: Uint8Array }, number[]>(
    `SELECT start_time, end_time, data FROM chunk
      WHERE job = ? AND node = ? AND tier = 0 AND start_time <= ? AND end_time >= ?`,
  );

  /** Takes the times of unsealed samples out of `missing`; stops when none is left, which a repeat soon brings about. */
  function searchLog(missing: Set<number>, { lastSample, lateMs }: Target, sealed: number): void {
    if (lastSample <= sealed || missing.size === 0) return;
    const oldestMs = missing.values().reduce((least, timeMs) => Math.min(least, timeMs), Infinity);
    for (const { time } of walkChain.iterate(lastSample, sealed, oldestMs - lateMs)) {
      if (missing.delete(time) && missing.size === 0) return;
    }
  }

  /** Takes the times of sealed samples out of `missing`. */
  function searchChunks(missing: Set<number>, job: number, node: number): void {
    const times = [...missing].sort((one, other) => one - other);
    for (const { start_time, end_time, data } of selectChunks.iterate(job, node, times.at(-1)!, times[0]!)) {
      if (!times.some((time) => time >= start_time && time <= end_time)) continue;
      for (const timeMs of unpackIfWhole(data, unpackTimes) ?? []) missing.delete(timeMs);
      if (missing.size === 0) return;
    }
  }

  /**
   * Which of these times samples of a job on a node have been stored with, as far as they are in the database. What was thinned out to points is not known
   * any more.
   */
  return function findStored(times: Iterable<number>, target: Target): Set<number> {
    const { id, job, node } = target;
    const sealed = id === undefined ? 0 : selectSealed.get(id)!.sealed;
    const asked = new Set(times);
    const missing = new Set(asked);
    searchLog(missing, target, sealed);
    if (missing.size > 0 && sealed > 0) searchChunks(missing, job, node);
    return asked.difference(missing);
  };
}
