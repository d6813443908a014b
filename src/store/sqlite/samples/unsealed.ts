import type { Database } from 'bun:sqlite';
import { type MeasureAdder, measureAdder, type SeriesMeasures } from '../../../domain/measure-summary.ts';
import type { ChunkColumns } from '../../chunk/chunk.ts';
import { type RowColumns, SeriesGatherer } from '../../chunk/gather.ts';
import { addFurther, openFurther, type RowFurther } from '../../chunk/log-further.ts';
import { seriesOf, splitColumns } from '../../chunk/log-row.ts';
import type { WantedMeasures } from '../../chunk/wanted.ts';
import { OWN_RUNS } from '../runs/joined.ts';
import { LogIndex, type LogPage, type LogView } from './log-index.ts';
import { type LogEnds, SELECT_ENDS } from './log-rows.ts';
import { SeriesPlaces } from './series-places.ts';

/** Selects unsealed samples of a job. Both ends of the span are inclusive. */
interface UnsealedQuery {
  /** Ids of nodes; all nodes of the job if omitted. */
  readonly nodes?: readonly number[] | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Further measures to be read. */
  readonly wanted?: WantedMeasures | undefined;
}

/**
 * Reads the samples of a job that are in the log and not sealed: as columns, ascending in time, samples of
 * one millisecond in the order of arrival. The caller must hold one transaction from the first step to the
 * last, because the log changes.
 */
interface UnsealedReader {
  /** Returns all unsealed samples of a job on a node. */
  readSeries(job: number, node: number): ChunkColumns;
  /**
   * Returns the unsealed samples of each wanted node, in one pass over the log; nodes without samples are
   * missing. Yields after each slice of a few milliseconds, so that other work can go on.
   */
  readJob(job: number, query?: UnsealedQuery): Generator<undefined, Map<number, ChunkColumns>>;
  /** Returns the totals of the lasting measures of each node that has any. Yields as `readJob` does. */
  measureJob(job: number): Generator<undefined, Map<number, SeriesMeasures>>;
  /**
   * Visits some unsealed samples of series of any jobs in two passes over the log: `stridesOf` says from the
   * number of samples of each series which of them, every second or third. Yields as `readJob` does.
   */
  visitSome(
    series: readonly UnsealedSeries[],
    stridesOf: (counts: Uint32Array) => readonly number[],
    visit: (place: number, sample: ChunkColumns) => void,
  ): Generator<undefined, void>;
  /**
   * Visits all unsealed samples of series of any jobs in one pass over the log, with the wanted measures.
   * Yields as `readJob` does.
   */
  visitAll(
    series: readonly UnsealedSeries[],
    visit: (place: number, row: RowColumns, at: number) => void,
    wanted?: WantedMeasures,
  ): Generator<undefined, void>;
  /** Returns how many unsealed samples each node has, without reading them. Yields as `readJob` does. */
  countJob(job: number): Generator<undefined, Map<number, number>>;
}

/** A series that is read. */
export interface UnsealedSeries {
  readonly id: number;
  readonly node: number;
  readonly sealed: number;
}

const SLICE_MS = 4;
/** Log rows that one statement loads into the index: about a millisecond for rows of one sample. */
const LOAD_ROWS = 1000;
/** Samples of a pass between two looks at the clock. */
const CLOCK_SAMPLES = 20_000;

/** The index of each connection. */
const indexes = new WeakMap<Database, LogIndex>();

/** Makes readers of a connection share an index with those of other connections to the same database. */
export const shareIndex = (db: Database, index: LogIndex): void => void indexes.set(db, index);

/** Opens the log for reading through a connection. */
export function unsealedReader(db: Database): UnsealedReader {
  const index = indexes.get(db) ?? new LogIndex(false);
  indexes.set(db, index);
  const selectSeries = db.query<UnsealedSeries, [number]>(
    `SELECT id, node, sealed FROM usage WHERE job IN ${OWN_RUNS}`,
  );
  const selectData = db.query<{ data: Uint8Array }, [number]>('SELECT data FROM log WHERE seq = ?');
  const selectRow = db.query<{ data: Uint8Array; further: Uint8Array | null }, [number]>(
    'SELECT data, further FROM log WHERE seq = ?',
  );
  const selectFurther = db.query<{ further: Uint8Array | null }, [number]>(
    'SELECT further FROM log WHERE seq = ?',
  );
  const viewLog = logViewer(db, index);

  function readRow(seq: number, count: number, wanted: WantedMeasures | undefined): RowColumns {
    if (!wanted) return splitColumns(selectData.get(seq)!.data, count);
    const { data, further } = selectRow.get(seq)!;
    return { ...splitColumns(data, count), further: openFurther(further, count, wanted) };
  }

  function* readJob(
    job: number,
    { nodes, fromMs = Number.NEGATIVE_INFINITY, toMs = Infinity, wanted }: UnsealedQuery = {},
  ): Generator<undefined, Map<number, ChunkColumns>> {
    const chosen = nodes && new Set(nodes);
    const series = selectSeries.all(job).filter(({ node }) => !chosen || chosen.has(node));
    const view = yield* viewLog();
    const counts = yield* countSamples(view, series);
    // Sized in advance, because growing left twice as much garbage: 600 MB for ten plots at once.
    const byNode = new Map(
      Array.from(sumByNode(series, counts), ([node, count]) => [node, new SeriesGatherer(count)]),
    );
    const gatherers = series.map(({ node }) => byNode.get(node)!);
    let lastSeq = 0;
    let columns: RowColumns | undefined;
    yield* visitSamples(view, series, (place, seq, at, count) => {
      if (seq !== lastSeq || !columns) columns = readRow(seq, count, wanted);
      lastSeq = seq;
      const timeMs = columns.times[at]!;
      if (timeMs >= fromMs && timeMs <= toMs) gatherers[place]!.add(columns, at);
    });
    const found = new Map<number, ChunkColumns>();
    for (const [node, gatherer] of byNode) {
      if (gatherer.count > 0) found.set(node, yield* gatherer.sorted());
    }
    return found;
  }

  function* measureJob(job: number): Generator<undefined, Map<number, SeriesMeasures>> {
    const series = selectSeries.all(job);
    const byNode = new Map<number, MeasureAdder>();
    let lastSeq = 0;
    let further: RowFurther | undefined;
    yield* visitSamples(yield* viewLog(), series, (place, seq, at, count) => {
      if (seq !== lastSeq) further = openFurther(selectFurther.get(seq)!.further, count, 'all');
      lastSeq = seq;
      if (!further) return;
      const { node } = series[place]!;
      const adder = byNode.get(node) ?? measureAdder();
      byNode.set(node, adder);
      addFurther(adder, further, at);
    });
    return new Map(Array.from(byNode, ([node, adder]) => [node, adder.totals()]));
  }

  return {
    readJob,
    measureJob,
    *visitSome(series, stridesOf, visit) {
      const view = yield* viewLog();
      const strides = stridesOf(yield* countSamples(view, series));
      // Those of several nodes are of different moments.
      const seen = Uint32Array.from(series, (_, place) => place);
      let lastSeq = 0;
      let columns: RowColumns | undefined;
      yield* visitSamples(view, series, (place, seq, at, count) => {
        if (seen[place]!++ % strides[place]! > 0) return;
        if (seq !== lastSeq || !columns) columns = readRow(seq, count, undefined);
        lastSeq = seq;
        visit(place, sampleAt(columns, at));
      });
    },
    *visitAll(series, visit, wanted) {
      let lastSeq = 0;
      let columns: RowColumns | undefined;
      yield* visitSamples(yield* viewLog(), series, (place, seq, at, count) => {
        if (seq !== lastSeq || !columns) columns = readRow(seq, count, wanted);
        lastSeq = seq;
        visit(place, columns, at);
      });
    },
    readSeries: (job, node) => runThrough(readJob(job, { nodes: [node] })).get(node) ?? NO_SAMPLES,
    *countJob(job) {
      const wanted = selectSeries.all(job);
      const counts = yield* countSamples(yield* viewLog(), wanted);
      return new Map([...sumByNode(wanted, counts)].filter(([, count]) => count > 0));
    },
  };
}

const sampleAt = ({ times, cpu, memory, gpu }: RowColumns, at: number): ChunkColumns => ({
  count: 1,
  times: times.subarray(at, at + 1),
  cpu: cpu.subarray(at, at + 1),
  memory: memory.subarray(at, at + 1),
  gpu: gpu ? gpu.subarray(at, at + 1) : NO_GPU,
});

/** Adds up the counts of series by node: runs that became one may each have a series on it. */
function sumByNode(wanted: readonly UnsealedSeries[], counts: Uint32Array): Map<number, number> {
  const sums = new Map<number, number>();
  for (const [place, { node }] of wanted.entries()) sums.set(node, (sums.get(node) ?? 0) + counts[place]!);
  return sums;
}

/** Counts the unsealed samples of each series, from the index alone. */
function* countSamples(view: LogView, wanted: readonly UnsealedSeries[]): Generator<undefined, Uint32Array> {
  const counts = new Uint32Array(wanted.length);
  yield* visitSamples(view, wanted, (place) => {
    counts[place]!++;
  });
  return counts;
}

/** `at` is the place of the sample in its row, `count` the number of samples there. */
type VisitSample = (place: number, seq: number, at: number, count: number) => void;

/** Visits the unsealed samples of series in the order of arrival, with the place of the series. */
function* visitSamples(
  { pages }: LogView,
  wanted: readonly UnsealedSeries[],
  visit: VisitSample,
): Generator<undefined, void> {
  const places = new SeriesPlaces(wanted.map(({ id }) => id));
  const sealed = Float64Array.from(wanted, (series) => series.sealed);
  const leastSealed = sealed.reduce((least, seq) => Math.min(least, seq), Infinity);
  let endsAtMs = performance.now() + SLICE_MS;
  let looked = 0;

  /** Visits one row; returns how many samples that cost. */
  function visitRow({ series, starts, firstSeq }: LogPage, row: number): number {
    const start = starts[row]!;
    const count = starts[row + 1]! - start;
    const seq = firstSeq + row;
    let visited = 0;
    for (let at = 0; at < count; at++) {
      const place = places.of(series[start + at]!);
      if (place < 0 || seq <= sealed[place]!) continue;
      visit(place, seq, at, count);
      visited++;
    }
    // Reading a row costs about as much as passing a thousand samples, and adding one up as ten.
    return count + (visited > 0 ? CLOCK_SAMPLES / 20 + 10 * visited : 20);
  }

  for (const page of pages) {
    for (let row = Math.max(page.fromRow, leastSealed + 1 - page.firstSeq); row < page.toRow; row++) {
      looked += visitRow(page, row);
      if (looked < CLOCK_SAMPLES) continue;
      looked = 0;
      if (performance.now() < endsAtMs) continue;
      yield;
      endsAtMs = performance.now() + SLICE_MS;
    }
  }
}

/** Returns what the transaction sees of the log, after loading it into the index in slices. */
function logViewer(db: Database, index: LogIndex): () => Generator<undefined, LogView> {
  const selectEnds = db.query<LogEnds, []>(SELECT_ENDS);
  const selectRows = db.query<{ series: Uint8Array }, [number, number, number]>(
    'SELECT series FROM log WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?',
  );

  function* load(into: LogIndex, last: number): Generator<undefined, void> {
    let endsAtMs = performance.now() + SLICE_MS;
    while (into.nextSeq <= last) {
      for (const { series } of selectRows.iterate(into.nextSeq, last, LOAD_ROWS)) {
        into.append(seriesOf(series), NO_TIMES);
        if (performance.now() >= endsAtMs) break;
      }
      if (performance.now() < endsAtMs) continue;
      yield;
      endsAtMs = performance.now() + SLICE_MS;
    }
  }

  return function* () {
    const { first, last } = selectEnds.get()!;
    if (first === null || last === null) return new LogIndex(false).view();
    if (first >= index.nextSeq) index.reset(first);
    else index.drop(first);
    yield* load(index, last);
    if (index.firstSeq <= first) return index.view(first, last + 1);
    // A reader with a later snapshot has dropped rows that this one still sees.
    const own = new LogIndex(false);
    own.reset(first);
    yield* load(own, last);
    return own.view();
  };
}

/** Runs steps to their end, for callers that need not pause. */
export function runThrough<Value>(steps: Generator<undefined, Value>): Value {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value as Value;
  }
}

const NO_TIMES = new Float64Array(0);
const NO_GPU = new Float64Array([Number.NaN]);
const NO_SAMPLES: ChunkColumns = {
  count: 0,
  times: NO_TIMES,
  cpu: NO_TIMES,
  memory: NO_TIMES,
  gpu: NO_TIMES,
};
