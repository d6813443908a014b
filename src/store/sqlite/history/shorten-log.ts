import type { Database } from 'bun:sqlite';
import type { ChunkColumns } from '../../chunk/chunk.ts';
import { type LogColumns, MAX_ROW_SAMPLES } from '../../chunk/log-row.ts';
import { isDiskError } from '../file/connection.ts';
import { SeriesGatherer } from '../samples/gather.ts';
import type { LogWriter } from '../samples/log.ts';
import type { LogView } from '../samples/log-index.ts';
import { SeriesPlaces } from '../samples/series-places.ts';
import { runThrough } from '../samples/unsealed.ts';
import { type LogSeries, oldestRowFinder } from './oldest-rows.ts';

/**
 * Takes samples out of the log in rounds. A round chooses series that the oldest rows hold, gathers all their samples in one
 * pass over the log, which they share, and seals them one after the other; then the oldest rows can go. A step does as much of
 * it as its time allows, and the next one goes on; what is gathered meanwhile takes 4 MB.
 *
 * Sealing series by series would read a row of the log once for each of its 2,000 series. Sealing row by row would put two
 * samples at a time into chunks of 1,440.
 */

const ROUND_SAMPLES = 100_000;
/** One seal: about two milliseconds. A series with more of them is sealed in several rounds, the first ones first. */
const SEAL_SAMPLES = 5000;
/** Samples that are counted to choose series: about three milliseconds. */
const COUNTED_SAMPLES = 1_000_000;
/** How long a series that cannot be sealed is left alone. */
const ASIDE_MS = 60 * 60_000;

/** What is older than `olderThanMs` has to leave the log; what is older than `beforeMs` is too old for samples. */
export interface Spans {
  readonly olderThanMs: number;
  readonly beforeMs: number;
}

interface Round {
  readonly chosen: readonly LogSeries[];
  readonly places: SeriesPlaces;
  readonly gatherers: readonly SeriesGatherer[];
  readonly maxSamples: number;
  gathered: number;
  nextSeq: number;
  /** Everything up to this row is gathered; undefined until it is known. */
  lastSeq: number | undefined;
  nextPlace: number;
}

/** Keeps the samples of one job on one node, ascending in time, outside of the log; those before `beforeMs` are too old for samples. */
export type SealSamples = (job: number, node: number, samples: ChunkColumns, beforeMs: number) => void;

/** Takes samples out of the log, inside the transaction of the group. */
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
  /** Series that could not be sealed; they are left alone until `olderThanMs` has come so far. */
  const asideUntilMs = new Map<number, number>();
  let round: Round | undefined;

  /** Lets the oldest rows go that hold nothing unsealed, and starts a round with those whose time has come; whether there is more to do. */
  function startRound(olderThanMs: number, isOver: () => boolean): boolean {
    const { keptSeq, series, hasMore } = oldest.find(olderThanMs, isOver);
    log.cut(keptSeq);
    const candidates = series.filter(({ id }) => (asideUntilMs.get(id) ?? olderThanMs) <= olderThanMs);
    round = candidates.length > 0 ? newRound(candidates, keptSeq) : undefined;
    return round !== undefined || (hasMore && series.length === 0);
  }

  /** As many of the candidates as fit into a round with all their samples, or the first of them alone. */
  function newRound(candidates: readonly LogSeries[], firstSeq: number): Round {
    const counts = countSamples(log.view(), candidates, firstSeq);
    const isLarge = counts[0]! > SEAL_SAMPLES;
    let samples = 0;
    const fits = (count: number) => count <= SEAL_SAMPLES && samples + count <= ROUND_SAMPLES;
    const chosen = candidates.filter((_, place) => {
      if (isLarge ? place > 0 : !fits(counts[place]!)) return false;
      samples += counts[place]!;
      return true;
    });
    return {
      chosen,
      places: new SeriesPlaces(chosen.map(({ id }) => id)),
      gatherers: chosen.map(() => new SeriesGatherer()),
      maxSamples: isLarge ? SEAL_SAMPLES : ROUND_SAMPLES,
      gathered: 0,
      nextSeq: firstSeq,
      lastSeq: undefined,
      nextPlace: 0,
    };
  }

  /** Gathers until the end of the log, or until the round has enough; whether it came that far. */
  function gather(into: Round, isOver: () => boolean): boolean {
    const view = log.view();
    for (let row = into.nextSeq - view.firstSeq; row < view.toRow; row++) {
      gatherRow(into, view, row);
      into.nextSeq = view.firstSeq + row + 1;
      if (into.gathered >= into.maxSamples) break;
      if (isOver()) return false;
    }
    into.lastSeq = into.nextSeq - 1;
    return true;
  }

  function gatherRow(into: Round, view: LogView, row: number): void {
    const { chosen, places, gatherers } = into;
    const start = view.starts[row]!;
    const end = view.starts[row + 1]!;
    const seq = view.firstSeq + row;
    let columns: LogColumns | undefined;
    for (let sample = start; sample < end; sample++) {
      const place = places.of(view.series[sample]!);
      if (place < 0 || seq <= chosen[place]!.sealed) continue;
      columns ??= log.readRow(seq, end - start);
      gatherers[place]!.add(columns, sample - start);
      into.gathered++;
    }
  }

  /** Seals what is gathered, series by series; whether it came to the last one. */
  function sealGathered(from: Round, spans: Spans, isOver: () => boolean): boolean {
    for (; from.nextPlace < from.chosen.length; from.nextPlace++) {
      if (isOver()) return false;
      sealSeries(from.chosen[from.nextPlace]!, from.gatherers[from.nextPlace]!, from.lastSeq!, spans);
    }
    return true;
  }

  function sealSeries(series: LogSeries, gatherer: SeriesGatherer, lastSeq: number, spans: Spans): void {
    const { id, job, node, sealed } = series;
    // Between two steps a job may go, with all that it has.
    if (selectSealed.get(id, job, node)?.sealed !== sealed) return;
    if (gatherer.count > 0) keep(series, runThrough(gatherer.sorted()), spans);
    setSealed.run(lastSeq, id);
    oldest.mark(id, lastSeq);
  }

  /** Keeps samples. Those of a series that cannot be sealed go to the end of the log, and are tried again after an hour. */
  function keep(series: LogSeries, samples: ChunkColumns, { olderThanMs, beforeMs }: Spans): void {
    const { id, job, node } = series;
    db.run('SAVEPOINT seal');
    try {
      seal(job, node, samples, beforeMs);
    } catch (error) {
      if (isDiskError(error)) throw error;
      db.run('ROLLBACK TO seal');
      appendAgain(id, samples);
      asideUntilMs.set(id, olderThanMs + ASIDE_MS);
      onSetAside(series, error);
    }
    db.run('RELEASE seal');
  }

  function appendAgain(id: number, { count, times, cpu, memory, gpu }: ChunkColumns): void {
    for (let start = 0; start < count; start += MAX_ROW_SAMPLES) {
      const part = (column: Float64Array) => column.subarray(start, start + MAX_ROW_SAMPLES);
      const columns = { times: part(times), cpu: part(cpu), memory: part(memory), gpu: part(gpu) };
      log.append(new Int32Array(columns.times.length).fill(id), columns);
    }
  }

  return {
    /** Goes on for as long as a step may take; whether there is more to do. */
    shorten(spans: Spans, isOver: () => boolean): boolean {
      if (!log.load(isOver)) return true;
      while (round || startRound(spans.olderThanMs, isOver)) {
        const isDone =
          round &&
          (round.lastSeq !== undefined || gather(round, isOver)) &&
          sealGathered(round, spans, isOver);
        if (isDone) round = undefined;
        if (isOver()) return true;
      }
      return false;
    },

    /** The transaction has been rolled back. */
    forget(): void {
      round = undefined;
      oldest.forget();
    },
  };
}

/** How many samples the log holds of each of some series from a row on, sealed ones included. */
function countSamples(view: LogView, list: readonly LogSeries[], firstSeq: number): Int32Array {
  const places = new SeriesPlaces(list.map(({ id }) => id));
  const counts = new Int32Array(list.length);
  const start = view.starts[firstSeq - view.firstSeq]!;
  const end = Math.min(view.starts[view.toRow]!, start + COUNTED_SAMPLES);
  for (let sample = start; sample < end; sample++) {
    const place = places.of(view.series[sample]!);
    if (place >= 0) counts[place]!++;
  }
  return counts;
}
