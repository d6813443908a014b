import type { Database } from 'bun:sqlite';
import { type NodeReadings, placeOf, type Readings, sliceReadings } from '../../../domain/readings.ts';
import { notANode } from '../../../domain/sample.ts';
import type { SpanSums } from '../../../domain/spans.ts';
import type { ReadingQuery } from '../../../domain/store/samples.ts';
import { unpackColumns, unpackTimes } from '../../chunk/chunk.ts';
import type { Piece } from '../../chunk/merge.ts';
import { unpackPointColumns } from '../../chunk/points.ts';
import { unpackQuarters } from '../../chunk/quarters.ts';
import type { FoundRun } from '../runs/past.ts';
import { unpackAt } from './damage.ts';
import { unsealedReader } from './unsealed.ts';

interface ChunkRow {
  readonly seq: number;
  readonly node: number;
  readonly tier: number;
  readonly start_time: number;
  readonly end_time: number;
  readonly samples: number;
}

/** A piece that may have quarters (sums of each 15 minutes) beside its samples. */
export interface StoredPiece extends Piece {
  /** Returns undefined if there are none, or if the range of the query cuts the piece. */
  quarters?(): SpanSums | undefined;
}

interface FoundPieces {
  /** Sorted by node in the order of the job, then by time and arrival. */
  readonly pieces: readonly StoredPiece[];
  readonly names: Readings['names'];
}

/** Chunk rows between two pauses. */
const ROWS_AT_ONCE = 256;

/** Finds the readings of a run: samples in chunks and in the log, and points of older samples. */
export function pieceFinder(db: Database) {
  const selectNodes = db.query<{ node: number; name: string }, [number]>(
    'SELECT node, (SELECT name FROM node WHERE id = usage.node) AS name FROM usage WHERE job = ?',
  );
  // The index contains these columns, so the chunks themselves are not read.
  const CHUNKS = 'SELECT seq, node, tier, start_time, end_time, samples FROM chunk INDEXED BY chunk_by_job';
  const selectChunks = db.query<ChunkRow, [number, number, number]>(
    `${CHUNKS} WHERE job = ? AND start_time <= ? AND end_time >= ?`,
  );
  const selectNodeChunks = db.query<ChunkRow, [number, number, number, number]>(
    `${CHUNKS} WHERE job = ? AND start_time <= ? AND end_time >= ? AND node = ?`,
  );
  const selectData = db.query<{ data: Uint8Array }, [number]>('SELECT data FROM chunk WHERE seq = ?');
  const selectPoints = db.query<{ points: Uint8Array }, [number]>(
    'SELECT points FROM chunk_point WHERE chunk = ?',
  );
  const log = unsealedReader(db);

  /** Returns the nodes that have reported, in the order of the job. */
  function findNodes({ seq, nodes: known }: FoundRun, name: string | undefined) {
    if (name !== undefined && !known.includes(name)) throw notANode(name);
    const places = new Map(known.map((one, place) => [one, place]));
    return selectNodes
      .all(seq)
      .filter((row) => name === undefined || row.name === name)
      .sort((one, other) => places.get(one.name)! - places.get(other.name)!);
  }

  function openChunk(job: number, { seq, tier, start_time, end_time }: ChunkRow): NodeReadings {
    const { data } = selectData.get(seq)!;
    return unpackAt(db, { job, startMs: start_time, endMs: end_time }, () =>
      tier === 0 ? unpackColumns(data) : unpackPointColumns(data),
    );
  }

  /** Returns the part of a chunk that lies in the range; undefined if nothing does. */
  function cutChunk(job: number, node: number, row: ChunkRow, { fromMs, toMs }: Span): Piece | undefined {
    const times =
      row.tier === 0
        ? unpackAt(db, { job, startMs: row.start_time, endMs: row.end_time }, () =>
            unpackTimes(selectData.get(row.seq)!.data),
          )
        : openChunk(job, row).times;
    const start = placeOf(times, fromMs);
    const end = placeOf(times, toMs + 1);
    if (start === end) return undefined;
    return {
      startMs: times[start]!,
      endMs: times[end - 1]!,
      count: end - start,
      node,
      open: () => sliceReadings(openChunk(job, row), start, end),
    };
  }

  function pieceOf(job: number, node: number, row: ChunkRow): StoredPiece {
    return {
      startMs: row.start_time,
      endMs: row.end_time,
      count: row.samples,
      node,
      open: () => openChunk(job, row),
      ...(row.tier === 0 && {
        quarters() {
          const points = selectPoints.get(row.seq)?.points;
          return points && unpackQuarters(points);
        },
      }),
    };
  }

  /** Returns the pieces in chunks, by node. */
  function* findChunks(
    job: number,
    places: ReadonlyMap<number, number>,
    { fromMs, toMs }: Span,
  ): Generator<undefined, StoredPiece[][]> {
    if (places.size === 0) return [];
    const [only] = places.keys();
    const rows =
      places.size === 1 && only !== undefined
        ? selectNodeChunks.iterate(job, toMs, fromMs, only)
        : selectChunks.iterate(job, toMs, fromMs);
    const found: ChunkRow[][] = Array.from(places, () => []);
    let count = 0;
    for (const row of rows) {
      found[places.get(row.node)!]!.push(row);
      if (++count % ROWS_AT_ONCE === 0) yield;
    }
    const pieces: StoredPiece[][] = [];
    for (const [place, chunks] of found.entries()) {
      pieces.push(yield* piecesOf(job, place, chunks, { fromMs, toMs }));
    }
    return pieces;
  }

  /** Returns the pieces of one node, by time and arrival. */
  function* piecesOf(
    job: number,
    place: number,
    chunks: ChunkRow[],
    span: Span,
  ): Generator<undefined, StoredPiece[]> {
    chunks.sort((one, other) => one.start_time - other.start_time || one.seq - other.seq);
    const pieces: StoredPiece[] = [];
    for (const row of chunks) {
      const isWhole = row.start_time >= span.fromMs && row.end_time <= span.toMs;
      const piece = isWhole ? pieceOf(job, place, row) : cutChunk(job, place, row, span);
      if (piece) pieces.push(piece);
      if (!isWhole) yield;
    }
    yield;
    return pieces;
  }

  /** Throws `validation_error` for a node that is not one of the run. Yields where it may pause. */
  return function* findPieces(run: FoundRun, query: ReadingQuery): Generator<undefined, FoundPieces> {
    const { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, node: name } = query;
    const nodes = findNodes(run, name);
    const wanted = name === undefined ? {} : { nodes: nodes.map(({ node }) => node) };
    const unsealed = yield* log.readJob(run.seq, { fromMs, toMs, ...wanted });
    const places = new Map(nodes.map(({ node }, place) => [node, place]));
    const chunks = yield* findChunks(run.seq, places, { fromMs, toMs });
    const pieces: StoredPiece[] = [];
    for (const [place, { node }] of nodes.entries()) {
      for (const piece of chunks[place]!) pieces.push(piece);
      const samples = unsealed.get(node);
      if (samples) pieces.push(unsealedPiece(place, samples));
    }
    return { pieces, names: nodes.map((row) => (row.name === run.nodes[0] ? undefined : row.name)) };
  };
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const unsealedPiece = (node: number, samples: NodeReadings): Piece => ({
  startMs: samples.times[0]!,
  endMs: samples.times[samples.count - 1]!,
  count: samples.count,
  node,
  open: () => samples,
});
