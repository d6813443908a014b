import type { Database } from 'bun:sqlite';
import type { ChunkColumns } from '../../chunk/chunk.ts';
import { type LogColumns, seriesOf, splitColumns } from '../../chunk/log-row.ts';
import { SeriesGatherer } from './gather.ts';
import { LogIndex, type LogView } from './log-index.ts';
import { SeriesPlaces } from './series-places.ts';

/** Which unsealed samples of a job. Both ends of the span are inclusive. */
export interface UnsealedQuery {
  /** Numbers of nodes; all nodes of the job when left out. */
  readonly nodes?: readonly number[] | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/**
 * Reads what the log holds of a job and is not sealed yet: as columns, ascending in time, samples of one millisecond in the
 * order of arrival. The caller holds one transaction of the connection from the first call to the last, or the log may
 * move on between them.
 */
export interface UnsealedReader {
  /** All unsealed samples of a job on a node. */
  readSeries(job: number, node: number): ChunkColumns;
  /**
   * The unsealed samples of the wanted nodes, by node, in one pass over the log; a node without any has no entry. Yields
   * after each slice of a few milliseconds, so that other work can go on.
   */
  readJob(job: number, query?: UnsealedQuery): Generator<undefined, Map<number, ChunkColumns>>;
  /** How many unsealed samples each node has, without reading them; a node without any has no entry. Yields as readJob does. */
  countJob(job: number): Generator<undefined, Map<number, number>>;
}

/** A job on a node that has reported. */
interface Series {
  readonly id: number;
  readonly node: number;
  readonly sealed: number;
}

const SLICE_MS = 4;
/** Rows of the log that one statement loads into the index: of single samples about a millisecond. */
const LOAD_ROWS = 1000;
/** A pass looks at the clock after so many samples. */
const CLOCK_SAMPLES = 20_000;

/** What the readers of a connection know of the log. */
const indexes = new WeakMap<Database, LogIndex>();

/** Lets the readers of a connection use the index that those of other connections to the same database use. */
export const shareIndex = (db: Database, index: LogIndex): void => void indexes.set(db, index);

/** Opens the log for reading through one connection. */
export function unsealedReader(db: Database): UnsealedReader {
  const index = indexes.get(db) ?? new LogIndex(false);
  indexes.set(db, index);
  const selectSeries = db.query<Series, [number]>('SELECT id, node, sealed FROM usage WHERE job = ?');
  const selectData = db.query<{ data: Uint8Array }, [number]>('SELECT data FROM log WHERE seq = ?');
  const viewLog = logViewer(db, index);

  const readRow = (seq: number, count: number): LogColumns => splitColumns(selectData.get(seq)!.data, count);

  function* readJob(
    job: number,
    { nodes, fromMs = Number.NEGATIVE_INFINITY, toMs = Infinity }: UnsealedQuery = {},
  ): Generator<undefined, Map<number, ChunkColumns>> {
    const chosen = nodes && new Set(nodes);
    const wanted = selectSeries.all(job).filter(({ node }) => !chosen || chosen.has(node));
    const view = yield* viewLog();
    const counts = yield* countSamples(view, wanted);
    // Room for all of them at once: growing left twice as much garbage, which ten plots at once made 600 MB.
    const gatherers = wanted.map((_, place) => new SeriesGatherer(counts[place]));
    let seq = 0;
    let columns: LogColumns | undefined;
    yield* visitSamples(view, wanted, (place, row, at) => {
      if (seq !== view.firstSeq + row || !columns) {
        seq = view.firstSeq + row;
        columns = readRow(seq, view.starts[row + 1]! - view.starts[row]!);
      }
      const timeMs = columns.times[at]!;
      if (timeMs >= fromMs && timeMs <= toMs) gatherers[place]!.add(columns, at);
    });
    const found = new Map<number, ChunkColumns>();
    for (const [place, gatherer] of gatherers.entries()) {
      if (gatherer.count > 0) found.set(wanted[place]!.node, yield* gatherer.sorted());
    }
    return found;
  }

  return {
    readJob,
    readSeries: (job, node) => runThrough(readJob(job, { nodes: [node] })).get(node) ?? NO_SAMPLES,
    *countJob(job) {
      const wanted = selectSeries.all(job);
      const counts = yield* countSamples(yield* viewLog(), wanted);
      const found = wanted.map(({ node }, place): [number, number] => [node, counts[place]!]);
      return new Map(found.filter(([, count]) => count > 0));
    },
  };
}

/** How many unsealed samples each of some series has; reads no row of the log. */
function* countSamples(view: LogView, wanted: readonly Series[]): Generator<undefined, Uint32Array> {
  const counts = new Uint32Array(wanted.length);
  yield* visitSamples(view, wanted, (place) => {
    counts[place]!++;
  });
  return counts;
}

/** Visits the unsealed samples of some series in the order of arrival: the place of the series, the row, and the place in it. */
function* visitSamples(
  view: LogView,
  wanted: readonly Series[],
  visit: (place: number, row: number, at: number) => void,
): Generator<undefined, void> {
  const places = new SeriesPlaces(wanted.map(({ id }) => id));
  const sealed = Float64Array.from(wanted, (series) => series.sealed);
  const leastSealed = sealed.reduce((least, seq) => Math.min(least, seq), Infinity);
  const { series, starts, firstSeq, toRow } = view;
  let endsAtMs = performance.now() + SLICE_MS;
  let looked = 0;
  for (let row = Math.max(view.fromRow, leastSealed + 1 - firstSeq); row < toRow; row++) {
    const start = starts[row]!;
    const end = starts[row + 1]!;
    let isRead = false;
    for (let sample = start; sample < end; sample++) {
      const place = places.of(series[sample]!);
      if (place < 0 || firstSeq + row <= sealed[place]!) continue;
      visit(place, row, sample - start);
      isRead = true;
    }
    // A row that has to be read costs about as much as the passing of so many samples.
    looked += end - start + (isRead ? CLOCK_SAMPLES / 20 : 20);
    if (looked < CLOCK_SAMPLES) continue;
    looked = 0;
    if (performance.now() < endsAtMs) continue;
    yield;
    endsAtMs = performance.now() + SLICE_MS;
  }
}

/** Brings the index up to what the transaction sees, in slices, and returns that. */
function logViewer(db: Database, index: LogIndex): () => Generator<undefined, LogView> {
  const selectEnds = db.query<{ first: number | null; last: number | null }, []>(
    'SELECT (SELECT min(seq) FROM log) AS first, (SELECT max(seq) FROM log) AS last',
  );
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
    // A reader of a later moment has dropped rows that this one still sees.
    const own = new LogIndex(false);
    own.reset(first);
    yield* load(own, last);
    return own.view();
  };
}

/** Runs to the end, for callers that may take the time. */
export function runThrough<Value>(steps: Generator<undefined, Value>): Value {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value as Value;
  }
}

const NO_TIMES = new Float64Array(0);
const NO_SAMPLES: ChunkColumns = {
  count: 0,
  times: NO_TIMES,
  cpu: NO_TIMES,
  memory: NO_TIMES,
  gpu: NO_TIMES,
};
