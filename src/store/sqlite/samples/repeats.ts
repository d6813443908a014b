import type { Database } from 'bun:sqlite';
import { unpackTimes } from '../../chunk/chunk.ts';
import { unpackIfWhole } from './damage.ts';
import type { LogWriter } from './log.ts';
import type { Target } from './series-cache.ts';
import { SeriesPlaces } from './series-places.ts';

/** A target with the times that are still looked for. */
interface Search {
  readonly target: Target;
  readonly sealed: number;
  readonly missing: Set<number>;
}

/** Looks up whether samples have been stored already. */
export function storedFinder(db: Database, log: LogWriter) {
  const selectSealed = db.query<{ id: number; sealed: number }, [string]>(
    'SELECT usage.id, sealed FROM json_each(?) AS wanted JOIN usage ON usage.id = wanted.value',
  );
  const selectChunks = db.query<{ start_time: number; end_time: number; data: Uint8Array }, number[]>(
    `SELECT start_time, end_time, data FROM chunk
      WHERE job = ? AND node = ? AND tier = 0 AND start_time <= ? AND end_time >= ?`,
  );

  /**
   * Takes the times of unsealed samples out of what is missing, in one walk over the index from the newest sample on. A batch that
   * is sent again is found at once; times that are not there cost two nanoseconds for each sample of the log.
   */
  function searchLog(searches: readonly Search[]): void {
    const places = new SeriesPlaces(searches.map(({ target }) => target.id!));
    const [leastMs, greatestMs] = boundsOf(searches);
    let left = searches.reduce((sum, { missing }) => sum + missing.size, 0);
    const { series, times, starts, firstSeq, fromRow, toRow } = log.view();
    const isFound = (row: number, sample: number): boolean => {
      const timeMs = times[sample]!;
      if (timeMs < leastMs || timeMs > greatestMs) return false;
      const search = searches[places.of(series[sample]!)];
      return search !== undefined && firstSeq + row > search.sealed && search.missing.delete(timeMs);
    };
    for (let row = toRow - 1; row >= fromRow && left > 0; row--) {
      for (let sample = starts[row + 1]! - 1; sample >= starts[row]!; sample--)
        if (isFound(row, sample)) left--;
    }
  }

  /** Takes the times of sealed samples out of what is missing. */
  function searchChunks({ target: { job, node }, missing }: Search): void {
    const times = [...missing].sort((one, other) => one - other);
    for (const { start_time, end_time, data } of selectChunks.iterate(job, node, times.at(-1)!, times[0]!)) {
      if (!times.some((time) => time >= start_time && time <= end_time)) continue;
      for (const timeMs of unpackIfWhole(data, unpackTimes) ?? []) missing.delete(timeMs);
      if (missing.size === 0) return;
    }
  }

  /**
   * Which of the wanted times samples of these targets have been stored with, while they are in the database. What was
   * thinned out to points is not known any more.
   */
  return function findStored(wanted: ReadonlyMap<Target, ReadonlySet<number>>): Map<Target, Set<number>> {
    const ids = [...wanted.keys()].flatMap(({ id }) => id ?? []);
    const sealed = new Map(selectSealed.all(JSON.stringify(ids)).map((row) => [row.id, row.sealed]));
    const searches: Search[] = [];
    for (const [target, times] of wanted) {
      if (target.id === undefined) continue;
      searches.push({ target, sealed: sealed.get(target.id) ?? 0, missing: new Set(times) });
    }
    searchLog(searches);
    for (const search of searches) if (search.missing.size > 0) searchChunks(search);
    return new Map(
      searches.map(({ target, missing }) => [target, new Set(wanted.get(target)).difference(missing)]),
    );
  };
}

/** The least and greatest time that is looked for. */
function boundsOf(searches: readonly Search[]): [number, number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (const { missing } of searches) {
    for (const timeMs of missing) {
      least = Math.min(least, timeMs);
      greatest = Math.max(greatest, timeMs);
    }
  }
  return [least, greatest];
}
