import type { Database } from 'bun:sqlite';
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
import { latestRunFinder } from '../runs/past.ts';
import { perConnection } from '../sql/per-connection.ts';
import { unpackAt } from './damage.ts';
import { type UnsealedSeries, unsealedReader } from './unsealed.ts';

/** Milliseconds of work after which the rest is skipped: a day of 1,000 nodes takes about 100. */
const BUDGET_MS = 250;
/** Nodes and earlier parts of a run; a job with more of them is skipped. */
const MAX_SERIES = 2000;
/** Chunks between two pauses. */
const CHUNKS_AT_ONCE = 16;
interface ChunkRow {
  readonly seq: number;
  readonly node: number;
  readonly tier: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** A series of a job, and up to which row of the log it is sealed. */
type SealedSeries = SeriesRow & UnsealedSeries;

/**
 * Reads the sparklines of jobs through one connection, in steps as `readingReader` does: long jobs from the
 * stored sums of 15 minutes, and only some of the samples that are not sealed yet, in one pass for all jobs.
 */
export const sparklineReader = perConnection((db: Database) => {
  const findJob = latestRunFinder(db);
  const selectSeries = db.query<SealedSeries, [number]>(
    `SELECT usage.id, node, sealed, oldest AS oldestMs, newest AS newestMs
       FROM usage LEFT JOIN latest ON latest.usage = usage.id WHERE job IN ${OWN_RUNS} LIMIT ${MAX_SERIES + 1}`,
  );
  const selectChunks = db.query<ChunkRow, [number]>(
    `SELECT seq, node, tier, start_time AS startMs, end_time AS endMs
       FROM chunk INDEXED BY chunk_by_job WHERE job IN ${OWN_RUNS}`,
  );
  const selectData = db.query<{ data: Uint8Array }, [number]>('SELECT data FROM chunk WHERE seq = ?');
  const selectPoints = db.query<{ points: Uint8Array }, [number]>(
    'SELECT points FROM chunk_point WHERE chunk = ?',
  );
  const log = unsealedReader(db);

  function addChunk(outline: Outline, { seq, node, tier, startMs, endMs }: ChunkRow): void {
    const { job, spans } = outline;
    const collector = collectorOf(outline, node);
    unpackAt(db, { job, startMs, endMs }, () => {
      const points = spans.hasSums && tier === 0 ? selectPoints.get(seq)?.points : undefined;
      if (points) return collector.addSums(unpackQuarters(points));
      const { data } = selectData.get(seq)!;
      if (tier === 0) return collector.add(unpackColumns(data));
      const readings = unpackPointColumns(data);
      // A point is of the quarter of an hour that the first sample is in, so it may begin before that.
      collector.add({ ...readings, times: readings.times.map((timeMs) => Math.max(timeMs, spans.originMs)) });
    });
  }

  /** Adds what is sealed of a job; returns whether the time was enough. */
  function* addChunks(outline: Outline, watch: Watch): Generator<undefined, boolean> {
    const { sealedMs } = outline;
    let count = 0;
    for (const row of selectChunks.iterate(outline.job)) {
      addChunk(outline, row);
      sealedMs.set(row.node, Math.max(sealedMs.get(row.node) ?? 0, row.endMs));
      if (++count % CHUNKS_AT_ONCE > 0) continue;
      if (watch.isOver()) return false;
      yield* watch.pause();
    }
    return true;
  }

  /** Adds what is not sealed of all jobs. */
  function* addUnsealed(outlines: readonly Outline[]): Generator<undefined, void> {
    const owners = outlines.flatMap((outline) => outline.series.map(() => outline));
    const series = outlines.flatMap((outline) => outline.series as readonly SealedSeries[]);
    yield* log.visitSome(
      series,
      (counts) => stridesOf(outlines, counts),
      (place, columns) => collectorOf(owners[place]!, series[place]!.node).add(columns),
    );
  }

  /** Returns what is known of the jobs that are to be seen and have samples. */
  function* findOutlines(ids: readonly string[], points: number, sight: Sight) {
    const outlines: Outline[] = [];
    const large: string[] = [];
    for (const id of ids) {
      const job = findJob(id, sight);
      const series = job === undefined ? [] : selectSeries.all(job);
      if (series.length > MAX_SERIES) large.push(id);
      else if (job !== undefined && series.length > 0) outlines.push(outlineOf(id, job, series, points));
      yield;
    }
    return { outlines, large };
  }

  /**
   * Returns the sparklines of the jobs that are to be seen, of at most `points` spans each. Small jobs are
   * read first.
   */
  return function* (ids: readonly string[], points: number, sight: Sight): Generator<undefined, Sparklines> {
    const { outlines, large: skipped } = yield* findOutlines(ids, points, sight);
    const watch = startWatch();
    const read: Outline[] = [];
    for (const outline of outlines.toSorted((one, other) => one.series.length - other.series.length)) {
      if (!watch.isOver() && (yield* addChunks(outline, watch))) read.push(outline);
      else skipped.push(outline.id);
      yield* watch.pause();
    }
    yield* addUnsealed(read);
    const lines = new Map(read.map((outline) => [outline.id, lineOf(outline)]));
    return { lines: ids.flatMap((id) => lines.get(id) ?? []), skipped };
  };
});

type Watch = ReturnType<typeof startWatch>;

/** Measures work without its pauses. */
function startWatch() {
  let endsAtMs = performance.now() + BUDGET_MS;
  return {
    isOver: (): boolean => performance.now() > endsAtMs,
    *pause(): Generator<undefined, void> {
      const sinceMs = performance.now();
      yield;
      endsAtMs += performance.now() - sinceMs;
    },
  };
}
