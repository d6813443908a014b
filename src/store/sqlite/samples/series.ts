import type { Database } from 'bun:sqlite';
import {
  type FoundSeries,
  type Series,
  type SeriesName,
  type SeriesRow,
  seriesOf,
} from '../../rows/series.ts';

const SERIES_COLUMNS =
  'usage.id, latest.time, latest.cpu, latest.memory, latest.gpu, usage.oldest, latest.newest';

/** Finds series in the latest run of their job. Returns nothing for jobs that do not exist. */
export function seriesFinder(db: Database): (names: readonly SeriesName[]) => FoundSeries[] {
  // One statement for a whole list: starting a statement
  // costs four times as much as finding one of these rows.
  const select = db.query<unknown, [string]>(
    `SELECT wanted.key, job_node.node = job.first_node,
            iif(EXISTS (SELECT 1 FROM past_run WHERE past_run.job = job.id AND past_run.seq > 0),
                iif(job.started, job.start_time, 9e999), NULL),
            job.seq, job_node.node, ${SERIES_COLUMNS}
       FROM json_each(?) AS wanted
       JOIN job ON job.id = wanted.value ->> 0
       LEFT JOIN job_node ON job_node.job = job.seq
             AND job_node.node = iif(wanted.value ->> 1 IS NULL, job.first_node,
                                     (SELECT id FROM node WHERE name = wanted.value ->> 1))
       LEFT JOIN usage ON usage.job = job.seq AND usage.node = job_node.node
       LEFT JOIN latest ON latest.usage = usage.id`,
  );
  type Row = [key: number, isFirst: number | null, latestStartMs: number | null, ...SeriesRow];
  return (names) => {
    const rows = select.values(JSON.stringify(names.map(({ jobId, node }) => [jobId, node])));
    return (rows as unknown as Row[]).map(([key, isFirst, latestStartMs, ...row]) => ({
      name: names[key]!,
      row: row[1] === null ? undefined : row,
      isFirst: isFirst === 1,
      latestStartMs: latestStartMs ?? undefined,
    }));
  };
}

/** Reads a series of any run by the run's `seq` and a node. */
export function seriesReader(db: Database): (run: number, node: number) => Series {
  const select = db.query<unknown, [number, number]>(
    `SELECT ?1, ?2, ${SERIES_COLUMNS}
       FROM (SELECT 1) LEFT JOIN usage ON job = ?1 AND node = ?2 LEFT JOIN latest ON latest.usage = usage.id`,
  );
  return (run, node) => seriesOf((select.values(run, node) as unknown as SeriesRow[])[0]!);
}
