import type { Database } from 'bun:sqlite';
import { REPORT_LIFE_MS } from '../../../domain/node-report.ts';
import { HISTORY_LIFE_MS } from '../../../domain/overview/history.ts';
import type { ExpireStep, Retention } from '../../../domain/store/upkeep.ts';
import { MAX_UNSEALED_SAMPLES, urgencyOf } from '../../../domain/unsealed.ts';
import type { ChunkColumns } from '../../chunk/chunk.ts';
import { CHUNK_SAMPLES, URGENT_CHUNK_SAMPLES } from '../../chunk/cut.ts';
import type { AuditWriter } from '../access/audit.ts';
import { pageReturner } from '../file/vacuum.ts';
import type { JobRows } from '../jobs/row.ts';
import type { ClusterHistoryWriter } from '../nodes/cluster-history.ts';
import type { NodeReportWriter } from '../nodes/reports.ts';
import type { NoticeWriter } from '../notices/write.ts';
import type { LogWriter } from '../samples/log.ts';
import { chunkWriter } from './chunk-writer.ts';
import { missingQuarterMaker } from './missing-quarters.ts';
import { jobExpirer } from './old-jobs.ts';
import { pointWriter } from './old-points.ts';
import { sampleSealer } from './seal.ts';
import { type SetAside, setAsideList } from './set-aside.ts';
import { logShortener, type SealRules } from './shorten-log.ts';

/**
 * Samples stay in the log this long, unless it is full,
 * so that a seal packs many samples of a series at once.
 */
const LOG_SPAN_MS = 60 * 60_000;
/** Length of a step: well under the 25 ms that a write may wait for it. */
const STEP_MS = 5;

/**
 * What one step did, and a sentence on each thing that it set aside because it failed. Each is reported once.
 */
type StepResult = ExpireStep & { readonly setAside: readonly string[] };

/** The step that looks at each run after its end. */
interface TallyUpkeep {
  markSealed(run: number): void;
  step(nowMs: number, aside: SetAside, isOver: () => boolean): boolean;
}

/** Keeps the columns of lists; a step builds a block, some milliseconds. */
interface ColumnUpkeep {
  step(): boolean;
}

interface HistoryOptions {
  readonly rows: Pick<JobRows, 'remove' | 'takeNodes'>;
  readonly tallies: TallyUpkeep;
  readonly columns: ColumnUpkeep;
  readonly audit: Pick<AuditWriter, 'expire'>;
  readonly nodeReports: Pick<NodeReportWriter, 'expire'>;
  readonly clusterHistory: Pick<ClusterHistoryWriter, 'expire'>;
  readonly notices: Pick<NoticeWriter, 'expire'>;
  readonly onJobsDeleted: () => void;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

/**
 * Moves samples from the log into chunks, turns old chunks into points, and deletes what is too old. Each
 * call of `expire` is a small step inside the transaction of the group, whose parts check about every
 * millisecond whether it is over. Calls `onJobsDeleted` after it has deleted jobs.
 */
export function historyWriter(
  db: Database,
  log: LogWriter,
  {
    rows,
    tallies,
    columns,
    audit,
    nodeReports,
    clusterHistory,
    notices,
    onJobsDeleted,
    now = () => performance.now(),
  }: HistoryOptions,
) {
  const aside = setAsideList(db);
  const sealer = sampleSealer(db);
  const points = pointWriter(db, aside);
  const jobs = jobExpirer(db, rows, aside);
  const addMissingQuarters = missingQuarterMaker(db, chunkWriter(db).addQuarters);
  const returnPages = pageReturner(db);
  const shortener = logShortener(db, log, seal, ({ id, job, node }, error) =>
    aside.add(`series ${id}`, `Samples of ${nameSeries(job, node)} could not be sealed`, error),
  );
  const selectName = db.query<{ id: string | null; name: string | null }, [number, number]>(
    'SELECT (SELECT id FROM job WHERE seq = ?) AS id, (SELECT name FROM node WHERE id = ?) AS name',
  );
  const countChanges = db.query<{ rows: number }, []>('SELECT total_changes() AS rows');

  /** In the current step. */
  let sealedSamples = 0;
  let step = 0;

  function nameSeries(job: number, node: number): string {
    const { id, name } = selectName.get(job, node)!;
    return `job ${JSON.stringify(id ?? job)} on node ${JSON.stringify(name ?? node)}`;
  }

  function seal(job: number, node: number, samples: ChunkColumns, rules: SealRules): void {
    const { beforeMs, maxUnsealed } = rules;
    const isUrgent = urgencyOf(log.countSamples(), maxUnsealed) === 1;
    const fullSamples = isUrgent ? URGENT_CHUNK_SAMPLES : CHUNK_SAMPLES;
    const expired = sealer.seal(job, node, samples, { beforeMs, fullSamples });
    sealedSamples += samples.count - expired.count;
    tallies.markSealed(job);
    if (expired.count > 0) points.add(job, node, expired);
  }

  function expireJobs(beforeMs: number, isOver: () => boolean): boolean {
    const { isAny, hasMore } = jobs.expireJobs(beforeMs, isOver);
    if (isAny) onJobsDeleted();
    return hasMore;
  }

  return {
    /** Must be called after a rollback. */
    forget: shortener.forget,

    /** Does one step; `maxUnsealed` is the most samples that may be unsealed. */
    expire(
      { sampleMs, summaryMs, jobMs, auditMs }: Retention,
      nowMs: number,
      maxUnsealed = MAX_UNSEALED_SAMPLES,
    ): StepResult {
      const startedMs = now();
      sealedSamples = 0;
      const endsAtMs = startedMs + STEP_MS;
      const isOver = () => now() >= endsAtMs;
      const beforeMs = sampleMs === undefined ? 0 : nowMs - sampleMs;
      const olderThanMs = Math.max(nowMs - LOG_SPAN_MS, beforeMs);
      const parts = [
        () => jobMs !== undefined && expireJobs(nowMs - jobMs, isOver),
        () => tallies.step(nowMs, aside, isOver),
        () => shortener.shorten({ olderThanMs, beforeMs, maxUnsealed }, isOver),
        () => points.expireSamples(beforeMs, isOver),
        () => summaryMs !== undefined && points.expirePoints(nowMs - summaryMs, isOver),
        () => jobs.clearLeftovers(isOver),
        () => audit.expire(auditMs === undefined ? 0 : nowMs - auditMs, isOver),
        () => notices.expire(auditMs === undefined ? 0 : nowMs - auditMs, isOver),
        () => nodeReports.expire(nowMs - REPORT_LIFE_MS, isOver),
        () => clusterHistory.expire(nowMs - HISTORY_LIFE_MS, isOver),
        () => addMissingQuarters(isOver),
        columns.step,
        () => returnPages(isOver),
      ];
      const before = countChanges.get()!.rows;
      let isLeft = false;
      // Each step begins with another part, so that none waits for as long as one before it has work.
      const first = step++ % parts.length;
      for (const part of [...parts.slice(first), ...parts.slice(0, first)]) {
        // A part that was not reached may have work to do.
        if (isOver()) isLeft = true;
        else if (part()) isLeft = true;
      }
      // What one part has done may be work for another.
      const changedRows = countChanges.get()!.rows - before;
      const seconds = (now() - startedMs) / 1000;
      const hasMore = isLeft || changedRows > 0;
      return { sealedSamples, changedRows, seconds, hasMore, setAside: aside.takeNews() };
    },
  };
}
