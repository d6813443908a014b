import type { Database } from 'bun:sqlite';
import { unpackTimes } from '../../chunk/chunk.ts';
import { unpackIfWhole } from '../../chunk/whole.ts';
import type { Series } from '../../rows/series.ts';
import type { LogWriter } from './log.ts';
import type { LogPage } from './log-index.ts';
import { SeriesPlaces } from './series-places.ts';

/** A row of `usage` that samples of a wanted series may be stored under. */
interface StoredSeries {
  /** The id of the wanted series: its own, or that of the run that the row's run was joined to. */
  readonly wanted: number;
  readonly id: number;
  readonly job: number;
  readonly node: number;
  readonly sealed: number;
}

/** A stored series, with the times of the wanted one that have not been found yet. */
interface Search extends StoredSeries {
  readonly missing: Set<number>;
}

/**
 * Finds which times of series are stored already, so that samples that are sent again are not stored again.
 */
export function storedTimesFinder(db: Database, log: LogWriter) {
  // CROSS JOIN, because SQLite would otherwise read all series of all runs.
  const selectStored = db.query<StoredSeries, [string]>(
    `WITH wanted AS MATERIALIZED (
       SELECT usage.* FROM json_each(?) AS given JOIN usage ON usage.id = given.value)
     SELECT id AS wanted, id, job, node, sealed FROM wanted
     UNION ALL
     SELECT wanted.id, usage.id, usage.job, usage.node, usage.sealed
       FROM wanted CROSS JOIN joined_run ON joined_run.owner = wanted.job
       CROSS JOIN usage ON usage.job = joined_run.run AND usage.node = wanted.node`,
  );
  const selectChunks = db.query<{ start_time: number; end_time: number; data: Uint8Array }, number[]>(
    `SELECT start_time, end_time, data FROM chunk
      WHERE job = ? AND node = ? AND tier = 0 AND start_time <= ? AND end_time >= ?`,
  );

  /**
   * Removes the times of unsealed samples from `missing`. Walks back over the index from the newest sample: a
   * batch that is sent again is found at once; times that are not stored cost two nanoseconds for each sample
   * in the log.
   */
  function searchLog(searches: readonly Search[]): void {
    const places = new SeriesPlaces(searches.map(({ id }) => id));
    const [fromMs, toMs] = spanOf(searches);
    const sets = new Set(searches.map(({ missing }) => missing));
    let left = sets.values().reduce((sum, { size }) => sum + size, 0);
    const isFound = ({ series, times, firstSeq }: LogPage, row: number, sample: number): boolean => {
      const timeMs = times[sample]!;
      if (timeMs < fromMs || timeMs > toMs) return false;
      const search = searches[places.of(series[sample]!)];
      return search !== undefined && firstSeq + row > search.sealed && search.missing.delete(timeMs);
    };
    for (const page of log.view().pages.toReversed()) {
      const { starts, fromRow, toRow } = page;
      for (let row = toRow - 1; row >= fromRow && left > 0; row--) {
        for (let sample = starts[row + 1]! - 1; sample >= starts[row]!; sample--)
          if (isFound(page, row, sample)) left--;
      }
    }
  }

  /** Removes the times of sealed samples from `missing`. */
  function searchChunks({ job, node, missing }: Search): void {
    const times = [...missing].sort((one, other) => one - other);
    for (const { start_time, end_time, data } of selectChunks.iterate(job, node, times.at(-1)!, times[0]!)) {
      if (!times.some((time) => time >= start_time && time <= end_time)) continue;
      for (const timeMs of unpackIfWhole(data, unpackTimes) ?? []) missing.delete(timeMs);
      if (missing.size === 0) return;
    }
  }

  /**
   * Returns those of the wanted times that are stored as samples. Samples that have become points are not
   * found.
   */
  return function findStored(wanted: ReadonlyMap<Series, ReadonlySet<number>>): Map<Series, Set<number>> {
    const known = [...wanted].filter(([{ id }]) => id !== undefined);
    const missing = new Map(known.map(([{ id }, times]) => [id!, new Set(times)]));
    const stored = selectStored.all(JSON.stringify([...missing.keys()]));
    const searches = stored.map((one): Search => ({ ...one, missing: missing.get(one.wanted)! }));
    searchLog(searches);
    for (const search of searches) if (search.missing.size > 0) searchChunks(search);
    return new Map(
      known.map(([series, times]) => [series, new Set(times).difference(missing.get(series.id!)!)]),
    );
  };
}

/** Returns the smallest and largest time that is searched for. */
function spanOf(searches: readonly Search[]): [fromMs: number, toMs: number] {
  let [fromMs, toMs] = [Infinity, -Infinity];
  for (const { missing } of searches) {
    for (const timeMs of missing) {
      fromMs = Math.min(fromMs, timeMs);
      toMs = Math.max(toMs, timeMs);
    }
  }
  return [fromMs, toMs];
}
