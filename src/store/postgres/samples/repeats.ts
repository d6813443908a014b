import { unpackTimes } from '../../chunk/chunk.ts';
import { unpackIfWhole } from '../../chunk/whole.ts';
import type { Series } from '../../rows/series.ts';
import type { Queries } from '../sql/queries.ts';

/** A row of `usage` that samples of a wanted series may be stored under. */
interface StoredSeries {
  /** The id of the wanted series: its own, or that of the run that the row's run was joined to. */
  readonly wanted: number;
  readonly id: number;
  readonly job: number;
  readonly node: number;
}

/** A stored series, with the times of the wanted one that have not been found yet. */
interface Search extends StoredSeries {
  readonly missing: Set<number>;
}

/**
 * Finds which times of series are stored already as samples, so that samples that are sent again are not
 * stored again. Samples that have become points are not found.
 */
export async function findStoredTimes(
  db: Queries,
  wanted: ReadonlyMap<Series, ReadonlySet<number>>,
): Promise<Map<Series, Set<number>>> {
  const known = [...wanted].filter(([{ id }]) => id !== undefined);
  const missing = new Map(known.map(([{ id }, times]) => [id!, new Set(times)]));
  const stored = await db.all<StoredSeries>(
    `WITH wanted AS MATERIALIZED (SELECT * FROM usage WHERE id = ANY($1::integer[]))
     SELECT id AS wanted, id, job, node FROM wanted
     UNION ALL
     SELECT wanted.id, usage.id, usage.job, usage.node FROM wanted
       JOIN joined_run ON joined_run.owner = wanted.job
       JOIN usage ON usage.job = joined_run.run AND usage.node = wanted.node`,
    [[...missing.keys()]],
  );
  const searches = stored.map((one): Search => ({ ...one, missing: missing.get(one.wanted)! }));
  await searchLog(db, searches);
  for (const search of searches) if (search.missing.size > 0) await searchChunks(db, search);
  return new Map(
    known.map(([series, times]) => [series, new Set(times).difference(missing.get(series.id!)!)]),
  );
}

/** Removes the times of samples in the log from `missing`. */
async function searchLog(db: Queries, searches: readonly Search[]): Promise<void> {
  const pairs = searches.flatMap(({ id, missing }) => Array.from(missing, (timeMs) => [id, timeMs] as const));
  const found = await db.all<{ usage: number; time: number }>(
    `SELECT DISTINCT log.usage, log.time FROM unnest($1::integer[], $2::bigint[]) AS wanted (usage, time)
       JOIN log ON log.usage = wanted.usage AND log.time = wanted.time`,
    [pairs.map(([id]) => id), pairs.map(([, timeMs]) => timeMs)],
  );
  const sets = new Map(searches.map(({ id, missing }) => [id, missing]));
  for (const { usage, time } of found) sets.get(usage)!.delete(time);
}

/** Removes the times of sealed samples from `missing`. */
async function searchChunks(db: Queries, { job, node, missing }: Search): Promise<void> {
  const times = [...missing].sort((one, other) => one - other);
  const spans = await db.all<{ seq: number; start: number; end: number }>(
    `SELECT seq, start_time AS start, end_time AS end FROM chunk
      WHERE job = $1::bigint AND node = $2 AND tier = 0 AND start_time <= $3::bigint AND end_time >= $4::bigint`,
    [job, node, times.at(-1)!, times[0]!],
  );
  for (const { seq, start, end } of spans) {
    if (!times.some((time) => time >= start && time <= end)) continue;
    const row = await db.get<{ data: Uint8Array }>('SELECT data FROM chunk WHERE seq = $1::bigint', [seq]);
    for (const timeMs of unpackIfWhole(row!.data, unpackTimes) ?? []) missing.delete(timeMs);
    if (missing.size === 0) return;
  }
}
