import type { Database } from 'bun:sqlite';
import type { ExpireStep, Retention } from '../../../domain/store/upkeep.ts';
import type { ChunkColumns } from '../../chunk/chunk.ts';
import { pageReturner } from '../file/vacuum.ts';
import type { JobRows } from '../jobs/row.ts';
import type { LogWriter } from '../samples/log.ts';
import { chunkWriter } from './chunk-writer.ts';
import { missingPointMaker } from './missing-points.ts';
import { jobExpirer } from './old-jobs.ts';
import { pointKeeper } from './old-points.ts';
import { sampleSealer } from './seal.ts';
import { asideKeeper } from './set-aside.ts';
import { logShortener } from './shorten-log.ts';

/** Samples stay in the log this long, or until the log is full, so that a seal packs many of a job at once. */
const LOG_SPAN_MS = 60 * 60_000;
/** A step goes on this long, well under the 25 ms that a write may wait for it. */
const STEP_MS = 5;

/** What one step did, and a sentence on each thing that it set aside because it failed. Each is reported once. */
type StepResult = ExpireStep & { readonly setAside: readonly string[] };

interface HistoryOptions {
  readonly rows: Pick<JobRows, 'remove' | 'takeNodes'>;
  readonly onJobsDeleted: () => void;
  /** Milliseconds, only going up. */
  readonly now?: () => number;
}

/**
 * Moves samples along: from the log into chunks, from chunks into points when they are too old for samples, and out when they are too old for points.
 * Each call is a small step inside the transaction of the group: every part of it asks after each millisecond or so whether
 * the step is over. `onJobsDeleted` is told when jobs have gone for their age.
 */
export function historyWriter(
  db: Database,
  log: LogWriter,
  { rows, onJobsDeleted, now = () => performance.now() }: HistoryOptions,
) {
  const aside = asideKeeper(db);
  const sealer = sampleSealer(db);
  const points = pointKeeper(db, aside);
  const jobs = jobExpirer(db, rows, aside);
  const addMissingPoints = missingPointMaker(db, chunkWriter(db).addPoints);
  const returnPages = pageReturner(db);
  const shortener = logShortener(db, log, seal, ({ id, job, node }, error) =>
    aside.note(`series ${id}`, `Samples of ${nameSeries(job, node)} cannot be sealed`, error),
  );
  const selectName = db.query<{ id: string | null; name: string | null }, [number, number]>(
    'SELECT (SELECT id FROM job WHERE seq = ?) AS id, (SELECT name FROM node WHERE id = ?) AS name',
  );
  const countChanges = db.query<{ rows: number }, []>('SELECT total_changes() AS rows');

  /** In the current step. */
  let sealedSamples = 0;

  function nameSeries(job: number, node: number): string {
    const { id, name } = selectName.get(job, node)!;
    return `job ${JSON.stringify(id ?? job)} on node ${JSON.stringify(name ?? node)}`;
  }

  function seal(job: number, node: number, samples: ChunkColumns, beforeMs: number): void {
    const expired = sealer.seal(job, node, samples, beforeMs);
    sealedSamples += samples.count - expired.count;
    if (expired.count > 0) points.keep(job, node, expired);
  }

  function expireJobs(beforeMs: number, isOver: () => boolean): boolean {
    const { isAny, hasMore } = jobs.expireJobs(beforeMs, isOver);
    if (isAny) onJobsDeleted();
    return hasMore;
  }

  return {
    /** The transaction has been rolled back. */
    forget: shortener.forget,

    /** One step. */
    expire({ sampleMs, summaryMs, jobMs }: Retention, nowMs: number): StepResult {
      const startedMs = now();
      sealedSamples = 0;
      const endsAtMs = startedMs + STEP_MS;
      const isOver = () => now() >= endsAtMs;
      const beforeMs = sampleMs === undefined ? 0 : nowMs - sampleMs;
      const olderThanMs = Math.max(nowMs - LOG_SPAN_MS, beforeMs);
      const parts = [
        () => jobMs !== undefined && expireJobs(nowMs - jobMs, isOver),
        () => shortener.shorten({ olderThanMs, beforeMs }, isOver),
        () => points.expireSamples(beforeMs, isOver),
        () => summaryMs !== undefined && points.expirePoints(nowMs - summaryMs, isOver),
        () => jobs.clearLeftovers(isOver),
        () => addMissingPoints(isOver),
        () => returnPages(isOver),
      ];
      const before = countChanges.get()!.rows;
      const isLeft = parts.reduce((hasMore, part) => (isOver() ? true : part() || hasMore), false);
      // What one part has done may be work for another.
      const changedRows = countChanges.get()!.rows - before;
      const seconds = (now() - startedMs) / 1000;
      const hasMore = isLeft || changedRows > 0;
      return { sealedSamples, changedRows, seconds, hasMore, setAside: aside.takeNews() };
    },
  };
}
