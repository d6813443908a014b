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
import { inSlices } from '../server/reads.ts';
import type { Queries } from '../sql/queries.ts';
import { ChunkLoader } from './chunk-loader.ts';
import { unpackAt } from './damage.ts';
import { readUnsealed } from './unsealed.ts';

/** A run and the id of its job. */
export interface JobRun extends FoundRun {
  readonly id: string;
}

/** The pieces of a run, and what fetches their data while they are read. */
export interface LoadedPieces extends FoundPieces {
  readonly loader: ChunkLoader;
}

/** Returns the nodes that have reported, in the order of the job; those that it no longer has come last. */
async function findNodes(db: Queries, { seq, nodes: known }: FoundRun, name: string | undefined) {
  const all = await db.all<{ node: number; name: string }>(
    'SELECT node, node_name.name FROM usage JOIN node_name ON node_name.id = usage.node WHERE job = $1::bigint',
    [seq],
  );
  const found = all.filter((row) => name === undefined || row.name === name);
  if (found.length === 0 && name !== undefined && !known.includes(name)) throw notANode(name);
  return inOrderOf(known, found, (row) => row.name);
}

/** Makes pieces of the chunks of a run. */
function pieceMaker(loader: ChunkLoader, run: JobRun, { fromMs, toMs, wanted }: Cut) {
  const spanOf = ({ start_time, end_time }: ChunkRow) => ({
    jobId: run.id,
    startMs: start_time,
    endMs: end_time,
  });
  const openChunk = (row: ChunkRow, measures: WantedMeasures | undefined): NodeReadings =>
    unpackAt(spanOf(row), () => {
      const data = loader.get(row.seq)!;
      return row.tier === 0 ? unpackColumns(data, measures) : unpackPointColumns(data);
    });
  const timesOf = (row: ChunkRow): Float64Array =>
    unpackAt(spanOf(row), () => unpackTimes(loader.get(row.seq)!));
  const missing = (rows: readonly ChunkRow[], part: 'readings' | 'quarters') =>
    rows.filter(({ seq }) => loader.isMissing(seq, part)).length > 0;

  async function fetch(rows: readonly ChunkRow[]): Promise<void> {
    while (missing(rows, 'readings')) await loader.load();
  }

  /** Returns the part of a chunk that lies in the range; undefined if nothing does. */
  async function cutChunk(node: number, row: ChunkRow): Promise<Piece | undefined> {
    await fetch([row]);
    const times = row.tier === 0 ? timesOf(row) : openChunk(row, undefined).times;
    const start = placeOf(times, fromMs);
    const end = placeOf(times, toMs + 1);
    if (start === end) return undefined;
    return {
      startMs: times[start]!,
      endMs: times[end - 1]!,
      count: end - start,
      node,
      isMissing: () => missing([row], 'readings'),
      open: () => sliceReadings(openChunk(row, wanted), start, end),
    };
  }

  /** Returns the points of several chunks that lie in the range, one for each quarter of an hour. */
  async function joinPointChunks(node: number, rows: readonly ChunkRow[]): Promise<Piece | undefined> {
    const open = () => {
      const points = rows.map((row) => unpackAt(spanOf(row), () => unpackPoints(loader.get(row.seq)!)));
      const inRange = points.reduce(joinPoints).filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs);
      return unpackPointColumns(packPoints(inRange));
    };
    await fetch(rows);
    const { count, times } = open();
    const isMissing = () => missing(rows, 'readings');
    return count === 0
      ? undefined
      : { startMs: times[0]!, endMs: times[count - 1]!, count, node, isMissing, open };
  }

  const wholePiece = (node: number, row: ChunkRow): Piece => ({
    startMs: row.start_time,
    endMs: row.end_time,
    count: row.samples,
    node,
    // Points have no quarters.
    isMissing: (part) => (part === 'readings' || row.tier === 0) && missing([row], part),
    open: () => openChunk(row, wanted),
    ...(row.tier === 0 && {
      times: () => timesOf(row),
      quarters() {
        const points = loader.get(row.seq, 'quarters');
        return points === null ? undefined : unpackQuarters(points);
      },
    }),
  });

  /** Returns the pieces of one node, by time and arrival. */
  return async (node: number, chunks: ChunkRow[]): Promise<Piece[]> => {
    chunks.sort((one, other) => one.start_time - other.start_time || one.seq - other.seq);
    const pieces: Piece[] = [];
    for (const rows of groupPoints(chunks)) {
      const row = rows[0]!;
      const isWhole = rows.length === 1 && row.start_time >= fromMs && row.end_time <= toMs;
      let piece: Piece | undefined;
      if (isWhole) piece = wholePiece(node, row);
      else if (rows.length === 1) piece = await cutChunk(node, row);
      else piece = await joinPointChunks(node, rows);
      if (piece) pieces.push(piece);
    }
    return pieces;
  };
}

async function readChunks(
  db: Queries,
  run: number,
  nodes: readonly number[],
  { fromMs, toMs }: Cut,
): Promise<Map<number, ChunkRow[]>> {
  if (nodes.length === 0) return new Map();
  const rows = await db.all<ChunkRow>(
    `SELECT seq, node, tier, start_time, end_time, samples FROM chunk
      WHERE job IN ${OWN_RUNS} AND node = ANY($4::integer[]) AND start_time <= $2::bigint AND end_time >= $3::bigint
      ORDER BY start_time, seq`,
    [run, toMs, fromMs, nodes],
  );
  return Map.groupBy(rows, ({ node }) => node);
}

/**
 * Returns the readings of a run: samples in chunks and in the log, and points of older samples. Pieces have a
 * further column for each code of the query. Throws `validation_error` for a node that is not one of the run.
 */
export async function findPieces(db: Queries, run: JobRun, query: ReadingQuery): Promise<LoadedPieces> {
  const { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, node: name, codes = [], by } = query;
  const wanted = by === 'gpu' ? { codes, gpus: true } : wantedOfNode(codes);
  const loader = new ChunkLoader(db);
  const nodes = await findNodes(db, run, name);
  const ids = nodes.map(({ node }) => node);
  const unsealed = await readUnsealed(db, run.seq, { fromMs, toMs, wanted, nodes: ids });
  const cut = { fromMs, toMs, wanted };
  const chunks = await readChunks(db, run.seq, ids, cut);
  // Merges go through time, and plots through the nodes: the order of time serves both within a node.
  for (const { seq } of [...chunks.values()].flat()) loader.expect(seq);
  const makePieces = pieceMaker(loader, run, cut);
  const pieces: Piece[] = [];
  for (const [place, { node }] of nodes.entries()) {
    pieces.push(...(await makePieces(place, chunks.get(node) ?? [])));
    const samples = unsealed.get(node);
    if (samples) pieces.push(unsealedPiece(place, samples));
  }
  const found = { pieces, names: nodes.map((row) => (row.name === run.nodes[0] ? undefined : row.name)) };
  if (by === 'gpu') return { ...(await inSlices(splitByGpu(found, codes), () => loader.load())), loader };
  if (codes.length === 0) return { ...found, loader };
  const projected = pieces.map((piece) => ({ ...piece, open: () => projectNode(piece.open(), codes) }));
  return { ...found, pieces: projected, loader };
}
