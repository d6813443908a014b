import { isSealedEarly } from '../../../domain/unsealed.ts';
import type { ChunkColumns } from '../../chunk/chunk.ts';
import { SeriesGatherer } from '../../chunk/gather.ts';
import { columnsOf, type LogRow } from '../samples/unsealed.ts';
import type { UnsealedCount } from '../samples/unsealed-count.ts';
import { inSlices } from '../server/reads.ts';
import type { Writing } from '../sql/queries.ts';
import type { SealedSeries } from './seal.ts';
import type { SetAside } from './set-aside.ts';

/** Rows that one look at the oldest ones reads. */
const OLDEST_ROWS = 4000;
/** Samples sealed at once. A series with more of them is sealed in several rounds. */
const SEAL_SAMPLES = 5000;
/** Values sealed at once, of samples with further measures. */
const SEAL_VALUES = 24_000;

/** Which samples leave the log, and how. */
export interface SealRules {
  /** Samples older than this leave the log. */
  readonly olderThanMs: number;
  /** Samples older than this become points. */
  readonly beforeMs: number;
  /** Most samples that may be unsealed; see domain/unsealed.ts. */
  readonly maxUnsealed: number;
}

/** Stores samples of one series, ascending in time, outside of the log. */
type SealSamples = (series: SealedSeries, samples: ChunkColumns, rules: SealRules) => Promise<void>;

/**
 * Moves samples out of the log, inside the transaction of the group: of each series that the oldest rows
 * belong to, all that the log has.
 */
export function logShortener(
  db: Writing,
  unsealed: UnsealedCount,
  aside: SetAside,
  seal: SealSamples,
  describe: (series: SealedSeries) => Promise<string>,
) {
  /** Series that could not be sealed; their rows stay until the next start. */
  const failed = new Set<number>();

  /** Returns series with samples that are due, the oldest first, and whether there may be more. */
  async function findDue(olderThanMs: number): Promise<{ due: number[]; hasMore: boolean }> {
    const rows = await db.all<{ usage: number; time: number }>(
      `SELECT usage, time FROM log WHERE usage <> ALL($1::integer[]) ORDER BY seq LIMIT ${OLDEST_ROWS}`,
      [[...failed]],
    );
    const young = rows.findIndex(({ time }) => time >= olderThanMs);
    const old = young < 0 ? rows : rows.slice(0, young);
    return {
      due: [...new Set(old.map(({ usage }) => usage))],
      hasMore: young < 0 && rows.length === OLDEST_ROWS,
    };
  }

  /** Reads the oldest samples of a series, as many as are sealed at once. */
  async function gather(
    id: number,
  ): Promise<{ gatherer: SeriesGatherer; lastSeq: number; isWhole: boolean }> {
    const rows = await db.all<LogRow & { seq: number }>(
      `SELECT seq, usage, time, cpu, memory, gpu, further FROM log WHERE usage = $1 ORDER BY seq LIMIT ${SEAL_SAMPLES}`,
      [id],
    );
    const gatherer = new SeriesGatherer();
    let lastSeq = 0;
    for (const row of rows) {
      gatherer.add(columnsOf(row, 'all'), 0);
      lastSeq = row.seq;
      if (gatherer.values >= SEAL_VALUES) break;
    }
    return { gatherer, lastSeq, isWhole: gatherer.count === rows.length && rows.length < SEAL_SAMPLES };
  }

  /** Seals samples of a series; returns whether all of them are sealed. */
  async function sealSeries(id: number, rules: SealRules): Promise<boolean> {
    const { gatherer, lastSeq, isWhole } = await gather(id);
    if (gatherer.count === 0) return true;
    const series = await db.get<SealedSeries>('SELECT id, job, node FROM usage WHERE id = $1', [id]);
    // Its job was deleted.
    if (series) await seal(series, await inSlices(gatherer.sorted()), rules);
    const deleted = await db.change('DELETE FROM log WHERE usage = $1 AND seq <= $2::bigint', [id, lastSeq]);
    unsealed.add(-deleted);
    return isWhole;
  }

  /**
   * Seals samples of a series unless that fails, which leaves them; returns whether samples of it are left.
   */
  async function attempt(id: number, rules: SealRules): Promise<boolean> {
    const series = await db.get<SealedSeries>('SELECT id, job, node FROM usage WHERE id = $1', [id]);
    const what = series ? await describe(series) : `series ${id}`;
    let isWhole = false;
    const isSealed = await aside.attempt(
      `series ${id}`,
      () => `Samples of ${what} could not be sealed`,
      async () => {
        isWhole = await sealSeries(id, rules);
      },
    );
    if (!isSealed) failed.add(id);
    return isSealed && !isWhole;
  }

  return {
    /** Works until `isOver`; returns whether there is more to do. */
    async shorten(rules: SealRules, isOver: () => boolean): Promise<boolean> {
      const isEarly = isSealedEarly(unsealed.samples, rules.maxUnsealed);
      const { due, hasMore } = await findDue(isEarly ? Number.MAX_SAFE_INTEGER : rules.olderThanMs);
      for (const id of due) if ((await attempt(id, rules)) || isOver()) return true;
      return hasMore;
    },
  };
}
