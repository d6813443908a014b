import type { Database } from 'bun:sqlite';
import { type NodeReadings, placeOf, sliceReadings } from '../../../domain/readings.ts';
import { notANode } from '../../../domain/sample.ts';
import type { ReadingQuery } from '../../../domain/store/samples.ts';
import { joinPoints } from '../../../domain/summary.ts';
import { unpackColumns, unpackTimes } from '../../chunk/chunk.ts';
import { splitByGpu } from '../../chunk/gpu-pieces.ts';
import type { FoundPieces, Piece } from '../../chunk/piece.ts';
import { packPoints, unpackPointColumns, unpackPoints } from '../../chunk/points.ts';
import { projectNode, wantedOfNode } from '../../chunk/project.ts';
import { unpackQuarters } from '../../chunk/quarters.ts';
import type { WantedMeasures } from '../../chunk/wanted.ts';
import { type ChunkRow, type Cut, groupPoints, unsealedPiece } from '../../rows/chunk-row.ts';
import { type FoundRun, inOrderOf } from '../../rows/past-run.ts';
import { OWN_RUNS } from '../runs/joined.ts';
import { unpackAt } from './damage.ts';
import { unsealedReader } from './unsealed.ts';

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
    `${CHUNKS} WHERE job IN ${OWN_RUNS} AND start_time <= ?2 AND end_time >= ?3`,
  );
  const selectNodeChunks = db.query<ChunkRow, [number, number, number, number]>(
    `${CHUNKS} WHERE job IN ${OWN_RUNS} AND start_time <= ?2 AND end_time >= ?3 AND node = ?4`,
  );
  const selectData = db.query<{ data: Uint8Array }, [number]>('SELECT data FROM chunk WHERE seq = ?');
  const selectPoints = db.query<{ points: Uint8Array }, [number]>(
    'SELECT points FROM chunk_point WHERE chunk = ?',
  );
  const log = unsealedReader(db);

  /** Returns the nodes that have reported, in the order of the job; those that it no longer has come last. */
  function findNodes({ seq, nodes: known }: FoundRun, name: string | undefined) {
    const found = selectNodes.all(seq).filter((row) => name === undefined || row.name === name);
    if (found.length === 0 && name !== undefined && !known.includes(name)) throw notANode(name);
    return inOrderOf(known, found, (row) => row.name);
  }

  function openChunk(
    job: number,
    { seq, tier, start_time, end_time }: ChunkRow,
    wanted: WantedMeasures | undefined,
  ): NodeReadings {
    const { data } = selectData.get(seq)!;
    return unpackAt(db, { job, startMs: start_time, endMs: end_time }, () =>
      tier === 0 ? unpackColumns(data, wanted) : unpackPointColumns(data),
    );
  }

  const timesOf = (job: number, { seq, start_time, end_time }: ChunkRow): Float64Array =>
    unpackAt(db, { job, startMs: start_time, endMs: end_time }, () => unpackTimes(selectData.get(seq)!.data));

  /** Returns the part of a chunk that lies in the range; undefined if nothing does. */
  function cutChunk(job: number, node: number, row: ChunkRow, cut: Cut): Piece | undefined {
    const { fromMs, toMs, wanted } = cut;
    const times = row.tier === 0 ? timesOf(job, row) : openChunk(job, row, undefined).times;
    const start = placeOf(times, fromMs);
    const end = placeOf(times, toMs + 1);
    if (start === end) return undefined;
    return {
      startMs: times[start]!,
      endMs: times[end - 1]!,
      count: end - start,
      node,
      open: () => sliceReadings(openChunk(job, row, wanted), start, end),
    };
  }

  /** Returns the points of several chunks that lie in the range, one for each quarter of an hour. */
  function joinPointChunks(
    job: number,
    node: number,
    rows: readonly ChunkRow[],
    { fromMs, toMs }: Cut,
  ): Piece | undefined {
    const open = () => {
      const points = rows.map(({ seq, start_time, end_time }) =>
        unpackAt(db, { job, startMs: start_time, endMs: end_time }, () =>
          unpackPoints(selectData.get(seq)!.data),
        ),
      );
      const wanted = points.reduce(joinPoints).filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs);
      return unpackPointColumns(packPoints(wanted));
    };
    const { count, times } = open();
    return count === 0 ? undefined : { startMs: times[0]!, endMs: times[count - 1]!, count, node, open };
  }

  function pieceOf(job: number, node: number, row: ChunkRow, { wanted }: Cut): Piece {
    return {
      startMs: row.start_time,
      endMs: row.end_time,
      count: row.samples,
      node,
      open: () => openChunk(job, row, wanted),
      ...(row.tier === 0 && {
        times: () => timesOf(job, row),
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
    cut: Cut,
  ): Generator<undefined, Piece[][]> {
    const { fromMs, toMs } = cut;
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
    const pieces: Piece[][] = [];
    for (const [place, chunks] of found.entries()) {
      pieces.push(yield* piecesOf(job, place, chunks, cut));
    }
    return pieces;
  }

  /** Returns the pieces of one node, by time and arrival. */
  function* piecesOf(
    job: number,
    place: number,
    chunks: ChunkRow[],
    cut: Cut,
  ): Generator<undefined, Piece[]> {
    chunks.sort((one, other) => one.start_time - other.start_time || one.seq - other.seq);
    const pieces: Piece[] = [];
    for (const rows of groupPoints(chunks)) {
      const row = rows[0]!;
      const isWhole = rows.length === 1 && row.start_time >= cut.fromMs && row.end_time <= cut.toMs;
      let piece: Piece | undefined;
      if (isWhole) piece = pieceOf(job, place, row, cut);
      else if (rows.length === 1) piece = cutChunk(job, place, row, cut);
      else piece = joinPointChunks(job, place, rows, cut);
      if (piece) pieces.push(piece);
      if (!isWhole) yield;
    }
    yield;
    return pieces;
  }

  function* findAll(run: FoundRun, query: ReadingQuery): Generator<undefined, FoundPieces> {
    const { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, node: name, codes = [], by } = query;
    const wanted = by === 'gpu' ? { codes, gpus: true } : wantedOfNode(codes);
    const nodes = findNodes(run, name);
    const chosen = name === undefined ? {} : { nodes: nodes.map(({ node }) => node) };
    const unsealed = yield* log.readJob(run.seq, { fromMs, toMs, wanted, ...chosen });
    const places = new Map(nodes.map(({ node }, place) => [node, place]));
    const chunks = yield* findChunks(run.seq, places, { fromMs, toMs, wanted });
    const pieces: Piece[] = [];
    for (const [place, { node }] of nodes.entries()) {
      for (const piece of chunks[place]!) pieces.push(piece);
      const samples = unsealed.get(node);
      if (samples) pieces.push(unsealedPiece(place, samples));
    }
    return { pieces, names: nodes.map((row) => (row.name === run.nodes[0] ? undefined : row.name)) };
  }

  /**
   * Returns pieces with a further column for each code of the query. Throws `validation_error` for a node
   * that is not one of the run. Yields where it may pause.
   */
  return function* findPieces(run: FoundRun, query: ReadingQuery): Generator<undefined, FoundPieces> {
    const { codes = [], by } = query;
    const found = yield* findAll(run, query);
    if (by === 'gpu') return yield* splitByGpu(found, codes);
    if (codes.length === 0) return found;
    const pieces = found.pieces.map((piece) => ({ ...piece, open: () => projectNode(piece.open(), codes) }));
    return { ...found, pieces };
  };
}
