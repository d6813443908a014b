import { REPORT_LIFE_MS } from '../../../domain/node-report.ts';
import { HISTORY_LIFE_MS } from '../../../domain/overview/history.ts';
import type { ExpireStep, Retention } from '../../../domain/store/upkeep.ts';
import { MAX_UNSEALED_SAMPLES, urgencyOf } from '../../../domain/unsealed.ts';
import type { ChunkColumns } from '../../chunk/chunk.ts';
import { CHUNK_SAMPLES, URGENT_CHUNK_SAMPLES } from '../../chunk/cut.ts';
import type { AuditWriter } from '../access/audit.ts';
import type { JobRows } from '../jobs/row.ts';
import type { ClusterHistoryWriter } from '../nodes/cluster-history.ts';
import type { NodeReportWriter } from '../nodes/reports.ts';
import type { NoticeWriter } from '../notices/write.ts';
import type { UnsealedCount } from '../samples/unsealed-count.ts';
import type { Writing } from '../sql/queries.ts';
import { jobExpirer } from './old-jobs.ts';
import { pointWriter } from './old-points.ts';
import { type SealedSeries, sampleSealer } from './seal.ts';
import { type SetAside, setAsideList } from './set-aside.ts';
import { logShortener, type SealRules } from './shorten-log.ts';

/**
 * Samples stay in the log this long, unless it is full,
 * so that a seal packs many samples of a series at once.
 */
const LOG_SPAN_MS = 60 * 60_000;
/** Length of a step. Its parts wait for the server, so a shorter one would do little between two commits. */
const STEP_MS = 15;

/** What one step did, and a sentence on each thing that it set aside because it failed. */
type StepResult = ExpireStep & { readonly setAside: readonly string[] };

/** The step that looks at each run after its end. */
interface TallyUpkeep {
  markSealed(run: number): void;
  step(nowMs: number, aside: SetAside, isOver: () => boolean): Promise<boolean>;
}

interface HistoryOptions {
  readonly unsealed: UnsealedCount;
  readonly rows: Pick<JobRows, 'remove'>;
  readonly tallies: TallyUpkeep;
  readonly audit: Pick<AuditWriter, 'expire'>;
  readonly nodeReports: Pick<NodeReportWriter, 'expire'>;
  readonly clusterHistory: Pick<ClusterHistoryWriter, 'expire'>;
  readonly notices: Pick<NoticeWriter, 'expire'>;
  readonly onJobsDeleted: () => void;
  /** Called after a part of a step was rolled back. */
  readonly onRollback: () => void;
}

/**
 * Moves samples from the log into chunks, turns old chunks into points, and deletes what is too old. Each
 * call of `expire` is a small step inside the transaction of the group.
 */
export function historyWriter(db: Writing, options: HistoryOptions) {
  const { unsealed, rows, tallies, audit, nodeReports, clusterHistory, notices, onJobsDeleted, onRollback } =
    options;
  const aside = setAsideList(db, onRollback);
  const sealer = sampleSealer(db);
  const points = pointWriter(db, aside);
  const jobs = jobExpirer(db, rows, unsealed, aside);
  const shortener = logShortener(db, unsealed, aside, seal, nameSeries);

  /** In the current step. */
  let sealedSamples = 0;
  let changedRows = 0;
  const countChange = () => void changedRows++;

  async function nameSeries({ job, node }: SealedSeries): Promise<string> {
    const { id, name } = (await db.get<{ id: string | null; name: string | null }>(
      `SELECT (SELECT id FROM job WHERE seq = $1::bigint) AS id, (SELECT name FROM node_name WHERE id = $2) AS name`,
      [job, node],
    ))!;
    return `job ${JSON.stringify(id ?? job)} on node ${JSON.stringify(name ?? node)}`;
  }

  async function seal(series: SealedSeries, samples: ChunkColumns, rules: SealRules): Promise<void> {
    const { beforeMs, maxUnsealed } = rules;
    const isUrgent = urgencyOf(unsealed.samples, maxUnsealed) === 1;
    const fullSamples = isUrgent ? URGENT_CHUNK_SAMPLES : CHUNK_SAMPLES;
    const expired = await sealer.seal(series, samples, { beforeMs, fullSamples });
    if (expired.count > 0) await points.add(series.job, series.node, expired);
    tallies.markSealed(series.job);
    sealedSamples += samples.count - expired.count;
    changedRows += samples.count;
  }

  /**
   * Repeats a statement that deletes some rows until none are left, or `isOver`; returns whether some may
   * be.
   */
  async function repeat(deleteSome: () => Promise<number>, isOver: () => boolean): Promise<boolean> {
    for (let deleted = await deleteSome(); deleted > 0; deleted = await deleteSome()) {
      changedRows += deleted;
      if (isOver()) return true;
    }
    return false;
  }

  return {
    /** Does one step; `maxUnsealed` is the most samples that may be unsealed. */
    async expire(
      { sampleMs, summaryMs, jobMs, auditMs }: Retention,
      nowMs: number,
      maxUnsealed = MAX_UNSEALED_SAMPLES,
    ): Promise<StepResult> {
      const startedMs = performance.now();
      sealedSamples = 0;
      changedRows = 0;
      const isOver = () => performance.now() >= startedMs + STEP_MS;
      const beforeMs = sampleMs === undefined ? 0 : nowMs - sampleMs;
      const olderThanMs = Math.max(nowMs - LOG_SPAN_MS, beforeMs);
      const onDeleted = () => {
        countChange();
        onJobsDeleted();
      };
      const parts: (() => Promise<boolean> | false)[] = [
        () => jobMs !== undefined && jobs.expireJobs(nowMs - jobMs, isOver, onDeleted),
        () => tallies.step(nowMs, aside, isOver),
        () => shortener.shorten({ olderThanMs, beforeMs, maxUnsealed }, isOver),
        () => points.expireSamples(beforeMs, isOver, countChange),
        () => summaryMs !== undefined && repeat(() => points.expirePoints(nowMs - summaryMs), isOver),
        () => jobs.clearLeftovers(isOver, countChange),
        () => repeat(() => audit.expire(auditMs === undefined ? 0 : nowMs - auditMs), isOver),
        () => repeat(() => notices.expire(auditMs === undefined ? 0 : nowMs - auditMs), isOver),
        () => repeat(() => nodeReports.expire(nowMs - REPORT_LIFE_MS), isOver),
        () => repeat(() => clusterHistory.expire(nowMs - HISTORY_LIFE_MS), isOver),
      ];
      let isLeft = false;
      for (const part of parts) {
        // Looking for work takes round trips, which must not keep the last parts from their turn; a part that
        // was not reached may have work to do.
        if (isOver() && (isLeft || changedRows > 0)) isLeft = true;
        else if (await part()) isLeft = true;
      }
      const seconds = (performance.now() - startedMs) / 1000;
      // What one part has done may be work for another.
      return {
        sealedSamples,
        changedRows,
        seconds,
        hasMore: isLeft || changedRows > 0,
        setAside: aside.takeNews(),
      };
    },
  };
}
