import type { Sight } from '../../../domain/caller.ts';
import type { Sparklines } from '../../../domain/sparkline.ts';
import { unpackColumns } from '../../chunk/chunk.ts';
import { unpackPointColumns } from '../../chunk/points.ts';
import { unpackQuarters } from '../../chunk/quarters.ts';
import {
  collectorOf,
  lineOf,
  type Outline,
  outlineOf,
  type SeriesRow,
  stridesOf,
} from '../../rows/sparkline.ts';
import { OWN_RUNS } from '../runs/joined.ts';
import { findLatestSeq } from '../runs/past.ts';
import { inPages } from '../sql/pages.ts';
import type { Queries } from '../sql/queries.ts';
import { unpackAt } from './damage.ts';
import { visitSome } from './unsealed.ts';

/** Milliseconds after which the rest is skipped. */
const BUDGET_MS = 500;
/** Nodes and earlier parts of a run; a job with more of them is skipped. */
const MAX_SERIES = 2000;
const CHUNKS_AT_ONCE = 32;

interface Chunk {
  readonly node: number;
  readonly tier: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly data: Uint8Array | null;
  readonly points: Uint8Array | null;
}

/**
 * Reads the sparklines of the jobs that are to be seen, of at most `points` spans each: long jobs from the
 * stored sums of 15 minutes, and only some of the samples that are not sealed yet. Small jobs are read first.
 */
export async function readSparklines(
  db: Queries,
  ids: readonly string[],
  points: number,
  sight: Sight,
): Promise<Sparklines> {
  const endsAtMs = performance.now() + BUDGET_MS;
  const { outlines, large: skipped } = await findOutlines(db, ids, points, sight);
  const read: Outline[] = [];
  for (const outline of outlines.toSorted((one, other) => one.series.length - other.series.length)) {
    if (performance.now() < endsAtMs && (await addChunks(db, outline, endsAtMs))) read.push(outline);
    else skipped.push(outline.id);
  }
  const owners = read.flatMap((outline) => outline.series.map(() => outline));
  const series = read.flatMap((outline) => outline.series);
  if (series.length > 0)
    await visitSome(
      db,
      series,
      (counts) => stridesOf(read, counts),
      (place, columns) => collectorOf(owners[place]!, series[place]!.node).add(columns),
    );
  const lines = new Map(read.map((outline) => [outline.id, lineOf(outline)]));
  return { lines: ids.flatMap((id) => lines.get(id) ?? []), skipped };
}

/** Returns what is known of the jobs that are to be seen and have samples. */
async function findOutlines(db: Queries, ids: readonly string[], points: number, sight: Sight) {
  const outlines: Outline[] = [];
  const large: string[] = [];
  for (const id of ids) {
    const job = await findLatestSeq(db, id, sight);
    if (job === undefined) continue;
    const series = await db.all<SeriesRow>(
      `SELECT usage.id, node, oldest AS "oldestMs", newest AS "newestMs"
         FROM usage LEFT JOIN latest ON latest.usage = usage.id WHERE job IN ${OWN_RUNS} LIMIT ${MAX_SERIES + 1}`,
      [job],
    );
    if (series.length > MAX_SERIES) large.push(id);
    else if (series.length > 0) outlines.push(outlineOf(id, job, series, points));
  }
  return { outlines, large };
}

/** Adds what is sealed of a job; returns whether the time was enough. */
async function addChunks(db: Queries, outline: Outline, endsAtMs: number): Promise<boolean> {
  const { sealedMs, spans } = outline;
  const isSum = `(tier = 0 AND points IS NOT NULL AND ${spans.hasSums})`;
  const pages = inPages<Chunk>(
    db,
    `SELECT node, tier, start_time AS "startMs", end_time AS "endMs",
            CASE WHEN ${isSum} THEN NULL ELSE data END AS data, CASE WHEN ${isSum} THEN points END AS points
       FROM chunk WHERE job IN ${OWN_RUNS}`,
    [outline.job],
    CHUNKS_AT_ONCE,
  );
  for await (const chunks of pages) {
    for (const chunk of chunks) {
      addChunk(outline, chunk);
      sealedMs.set(chunk.node, Math.max(sealedMs.get(chunk.node) ?? 0, chunk.endMs));
    }
    if (performance.now() > endsAtMs) return false;
  }
  return true;
}

function addChunk(outline: Outline, { node, tier, startMs, endMs, data, points }: Chunk): void {
  const { spans } = outline;
  const collector = collectorOf(outline, node);
  unpackAt({ jobId: outline.id, startMs, endMs }, () => {
    if (points) return collector.addSums(unpackQuarters(points));
    if (tier === 0) return collector.add(unpackColumns(data!));
    const readings = unpackPointColumns(data!);
    // A point is of the quarter of an hour that the first sample is in, so it may begin before that.
    collector.add({ ...readings, times: readings.times.map((timeMs) => Math.max(timeMs, spans.originMs)) });
  });
}
