import type { Database } from 'bun:sqlite';
import { sliceReadings } from '../../../domain/readings.ts';
import { isSealedEarly } from '../../../domain/unsealed.ts';
import type { ChunkColumns } from '../../chunk/chunk.ts';
import { type RowColumns, SeriesGatherer } from '../../chunk/gather.ts';
import { measuresOf } from '../../chunk/log-further.ts';
import { MAX_FURTHER_BYTES, MAX_ROW_SAMPLES } from '../../chunk/log-row.ts';
import { packMeasures } from '../../chunk/row-measures.ts';
import { isDiskError } from '../file/connection.ts';
import type { LogWriter } from '../samples/log.ts';
import type { LogPage, LogView } from '../samples/log-index.ts';
import { SeriesPlaces } from '../samples/series-places.ts';
import { runThrough } from '../samples/unsealed.ts';
import { type LogSeries, oldestRowFinder } from './oldest-rows.ts';

/**
 * Moves samples out of the log in rounds. A round chooses series from the oldest rows, gathers all their
 * samples in one pass over the log, and seals them one after the other; then the oldest rows can be deleted.
 * A step does as much of a round as its time allows, and the next step continues it; the samples gathered
 * meanwhile take 4 MB.
 *
 * Sealing series by series would read a log row once for each of its 2,000 series. Sealing row by row would
 * add two samples at a time to chunks of 1,440.
 */

const ROUND_SAMPLES = 100_000;
/** The same for samples with further measures: 8 MB. */
const ROUND_VALUES = 1_000_000;
/** Samples sealed at once: about two milliseconds. A series with more of them is sealed in several rounds. */
const SEAL_SAMPLES = 5000;
/** The same for samples with further measures. */
const SEAL_VALUES = 24_000;
/** Samples counted to choose series: about three milliseconds. */
const COUNTED_SAMPLES = 1_000_000;
/** How long a series that could not be sealed is left alone. */
const ASIDE_MS = 60 * 60_000;

/** Which samples leave the log, and how. */
export interface SealRules {
  /** Samples older than this leave the log. */
  readonly olderThanMs: number;
  /** Samples older than this become points. */
  readonly beforeMs: number;
  /** Most samples that may be unsealed; see domain/unsealed.ts. */
  readonly maxUnsealed: number;
}

interface Round {
  readonly chosen: readonly LogSeries[];
  readonly places: SeriesPlaces;
  readonly gatherers: readonly SeriesGatherer[];
  readonly maxSamples: number;
  gathered: number;
  gatheredValues: number;
  /** Whether one series has as much as can be sealed at once. */
  hasLarge: boolean;
  nextSeq: number;
  /** The last row that was gathered; undefined until gathering is complete. */
  lastSeq: number | undefined;
  nextPlace: number;
}

/** Stores samples of one series, ascending in time, outside of the log. */
type SealSamples = (job: number, node: number, samples: ChunkColumns, rules: SealRules) => void;

/** Moves samples out of the log, inside the transaction of the group. */
export function logShortener(
  db: Database,
  log: LogWriter,
  seal: SealSamples,
  onSetAside: (series: LogSeries, error: unknown) => void = () => {},
) {
  const oldest = oldestRowFinder(db, log);
  const selectSealed = db.query<{ sealed: number }, [number, number, number]>(
    'SELECT sealed FROM usage WHERE id = ? AND job = ? AND node = ?',
  );
  const setSealed = db.query('UPDATE usage SET sealed = ? WHERE id = ?');
  /** Series that could not be sealed, and the `olderThanMs` from which they are tried again. */
  const asideUntilMs = new Map<number, number>();
  let round: Round | undefined;

  /**
   * Deletes the oldest rows without unsealed samples and starts a round with series that are due; returns
   * whether there is more to do.
   */
  function startRound({ olderThanMs, maxUnsealed }: SealRules, isOver: () => boolean): boolean {
    const isEarly = isSealedEarly(log.countSamples(), maxUnsealed);
    const { keptSeq, series, hasMore } = oldest.find(isEarly ? Infinity : olderThanMs, isOver);
    log.cut(keptSeq);
    // In a full log what was set aside must not hold up the rows behind it, so it is tried again.
    const candidates = isEarly
      ? series
      : series.filter(({ id }) => (asideUntilMs.get(id) ?? olderThanMs) <= olderThanMs);
    round = candidates.length > 0 ? newRound(candidates, keptSeq) : undefined;
    return round !== undefined || (hasMore && series.length === 0);
  }

  /**
   * Chooses as many candidates as fit into a round with all their samples, or the first alone if it is large.
   */
  function newRound(candidates: readonly LogSeries[], firstSeq: number): Round {
    const counts = countSamples(log.view(), candidates);
    const values = log.countValues(firstSeq);
    const sealSamples = Math.min(SEAL_SAMPLES, SEAL_VALUES / values);
    const roundSamples = Math.min(ROUND_SAMPLES, ROUND_VALUES / values);
    const isLarge = counts[0]! > sealSamples;
    let samples = 0;
    const fits = (count: number) => count <= sealSamples && samples + count <= roundSamples;
    const chosen = candidates.filter((_, place) => {
      if (isLarge ? place > 0 : !fits(counts[place]!)) return false;
      samples += counts[place]!;
      return true;
    });
    return {
      chosen,
      places: new SeriesPlaces(chosen.map(({ id }) => id)),
      gatherers: chosen.map(() => new SeriesGatherer()),
      maxSamples: isLarge ? sealSamples : roundSamples,
      gathered: 0,
      gatheredValues: 0,
      hasLarge: false,
      nextSeq: firstSeq,
      lastSeq: undefined,
      nextPlace: 0,
    };
  }

  /** Gathers to the end of the log, or until the round is full; returns false if `isOver` came first. */
  function gather(into: Round, isOver: () => boolean): boolean {
    for (const page of log.view().pages) {
      if (!gatherPage(into, page, isOver)) return false;
    }
    into.lastSeq = into.nextSeq - 1;
    return true;
  }

  /** Gathers to the end of a page, or until the round is full; returns false if `isOver` came first. */
  function gatherPage(into: Round, page: LogPage, isOver: () => boolean): boolean {
    for (let row = Math.max(page.fromRow, into.nextSeq - page.firstSeq); row < page.toRow; row++) {
      if (isFull(into)) return true;
      gatherRow(into, page, row);
      into.nextSeq = page.firstSeq + row + 1;
      if (isOver()) return false;
    }
    return true;
  }

  function gatherRow(into: Round, page: LogPage, row: number): void {
    const { chosen, places, gatherers } = into;
    const start = page.starts[row]!;
    const end = page.starts[row + 1]!;
    const seq = page.firstSeq + row;
    let columns: RowColumns | undefined;
    for (let sample = start; sample < end; sample++) {
      const place = places.of(page.series[sample]!);
      if (place < 0 || seq <= chosen[place]!.sealed) continue;
      columns ??= log.readRow(seq, end - start);
      const gatherer = gatherers[place]!;
      const before = gatherer.values;
      gatherer.add(columns, sample - start);
      into.gathered++;
      into.gatheredValues += gatherer.values - before;
      if (gatherer.values >= SEAL_VALUES) into.hasLarge = true;
    }
  }

  /** Seals what was gathered, series by series; returns false if `isOver` came first. */
  function sealGathered(from: Round, rules: SealRules, isOver: () => boolean): boolean {
    for (; from.nextPlace < from.chosen.length; from.nextPlace++) {
      if (isOver()) return false;
      sealSeries(from.chosen[from.nextPlace]!, from.gatherers[from.nextPlace]!, from.lastSeq!, rules);
    }
    return true;
  }

  function sealSeries(series: LogSeries, gatherer: SeriesGatherer, lastSeq: number, rules: SealRules): void {
    const { id, job, node, sealed } = series;
    // The job may have been deleted between two steps.
    if (selectSealed.get(id, job, node)?.sealed !== sealed) return;
    if (gatherer.count > 0) moveOut(series, runThrough(gatherer.sorted()), rules);
    setSealed.run(lastSeq, id);
    oldest.mark(id, lastSeq);
  }

  /** Seals samples. If that fails, moves them to the end of the log, to be tried again after an hour. */
  function moveOut(series: LogSeries, samples: ChunkColumns, rules: SealRules): void {
    const { id, job, node } = series;
    db.run('SAVEPOINT seal');
    try {
      seal(job, node, samples, rules);
    } catch (error) {
      if (isDiskError(error)) throw error;
      db.run('ROLLBACK TO seal');
      appendAgain(id, samples);
      asideUntilMs.set(id, rules.olderThanMs + ASIDE_MS);
      onSetAside(series, error);
    }
    db.run('RELEASE seal');
  }

  function appendAgain(id: number, samples: ChunkColumns): void {
    const { count, further = [] } = samples;
    const rowSamples = Math.min(MAX_ROW_SAMPLES, Math.ceil(MAX_FURTHER_BYTES / (8 * (1 + further.length))));
    for (let start = 0; start < count; start += rowSamples) {
      const part = sliceReadings(samples, start, Math.min(count, start + rowSamples));
      const measures = part.further && packMeasures(measuresOf(part.further), part.count);
      log.append(new Int32Array(part.count).fill(id), part, measures);
    }
  }

  return {
    /** Works until `isOver`; returns whether there is more to do. */
    shorten(rules: SealRules, isOver: () => boolean): boolean {
      if (!log.load(isOver)) return true;
      while (round || startRound(rules, isOver)) {
        const isDone =
          round &&
          (round.lastSeq !== undefined || gather(round, isOver)) &&
          sealGathered(round, rules, isOver);
        if (isDone) round = undefined;
        if (isOver()) return true;
      }
      return false;
    },

    /** Must be called after a rollback. */
    forget(): void {
      round = undefined;
      oldest.forget();
    },
  };
}

const isFull = ({ gathered, maxSamples, gatheredValues, hasLarge }: Round): boolean =>
  gathered >= maxSamples || gatheredValues >= ROUND_VALUES || hasLarge;

/** Counts the samples of each series in the log, including sealed ones. */
function countSamples({ pages }: LogView, list: readonly LogSeries[]): Int32Array {
  const places = new SeriesPlaces(list.map(({ id }) => id));
  const counts = new Int32Array(list.length);
  let left = COUNTED_SAMPLES;
  for (const { series, starts, fromRow, toRow } of pages) {
    const start = starts[fromRow]!;
    const end = Math.min(starts[toRow]!, start + left);
    for (let sample = start; sample < end; sample++) {
      const place = places.of(series[sample]!);
      if (place >= 0) counts[place]!++;
    }
    left -= end - start;
  }
  return counts;
}
