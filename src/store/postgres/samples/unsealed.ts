import { type MeasureAdder, measureAdder, type SeriesMeasures } from '../../../domain/measure-summary.ts';
import type { LoadColumns } from '../../../domain/summary.ts';
import type { ChunkColumns } from '../../chunk/chunk.ts';
import { type RowColumns, SeriesGatherer } from '../../chunk/gather.ts';
import { addFurther, openFurther } from '../../chunk/log-further.ts';
import type { WantedMeasures } from '../../chunk/wanted.ts';
import { OWN_RUNS } from '../runs/joined.ts';
import { inSlices } from '../server/reads.ts';
import { inPages } from '../sql/pages.ts';
import type { Queries } from '../sql/queries.ts';

/** Selects unsealed samples of a job. Both ends of the span are inclusive. */
interface UnsealedQuery {
  /** Ids of nodes; all nodes of the job if omitted. */
  readonly nodes?: readonly number[] | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Further measures to be read. */
  readonly wanted?: WantedMeasures | undefined;
}

/** A series that is read. */
export interface UnsealedSeries {
  readonly id: number;
  readonly node: number;
}

/** A row of `log`. */
export interface LogRow {
  readonly usage: number;
  readonly time: number;
  readonly cpu: number;
  readonly memory: number;
  readonly gpu: number | null;
  readonly further?: Uint8Array | null;
}

/** Rows that are received together: two milliseconds. */
const PAGE_ROWS = 2000;
const COLUMNS = 'usage, time, cpu, memory, gpu';

/** Returns the series of a run, with those of runs that are part of it. */
export const readRunSeries = (db: Queries, run: number): Promise<UnsealedSeries[]> =>
  db.all(`SELECT id, node FROM usage WHERE job IN ${OWN_RUNS}`, [run]);

/** Returns a row of the log as columns of one sample. */
export const columnsOf = (
  { time, cpu, memory, gpu, further }: LogRow,
  wanted?: WantedMeasures | undefined,
): RowColumns => ({
  times: Float64Array.of(time),
  cpu: Float64Array.of(cpu),
  memory: Float64Array.of(memory),
  gpu: Float64Array.of(gpu ?? Number.NaN),
  ...(wanted && { further: openFurther(further ?? null, 1, wanted) }),
});

/**
 * Returns the unsealed samples of each wanted node of a run, ascending in time, those of one millisecond in
 * the order of arrival; nodes without samples are missing.
 */
export async function readUnsealed(
  db: Queries,
  run: number,
  { nodes, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, wanted }: UnsealedQuery = {},
): Promise<Map<number, ChunkColumns>> {
  const chosen = nodes && new Set(nodes);
  const series = (await readRunSeries(db, run)).filter(({ node }) => !chosen || chosen.has(node));
  const nodeOf = new Map(series.map(({ id, node }) => [id, node]));
  const byNode = new Map<number, SeriesGatherer>();
  const pages = inPages<LogRow>(
    db,
    `SELECT ${COLUMNS}${wanted ? ', further' : ''} FROM log
      WHERE usage = ANY($1::integer[]) AND time BETWEEN $2::bigint AND $3::bigint ORDER BY seq`,
    [[...nodeOf.keys()], fromMs, toMs],
    PAGE_ROWS,
  );
  for await (const rows of pages) {
    for (const row of rows) {
      const node = nodeOf.get(row.usage)!;
      const gatherer = byNode.get(node) ?? new SeriesGatherer();
      byNode.set(node, gatherer);
      gatherer.add(columnsOf(row, wanted), 0);
    }
  }
  const found = new Map<number, ChunkColumns>();
  for (const [node, gatherer] of byNode) found.set(node, await inSlices(gatherer.sorted()));
  return found;
}

/** Returns the totals of the lasting measures of each node of a run that has any in the log. */
export async function measureUnsealed(db: Queries, run: number): Promise<Map<number, SeriesMeasures>> {
  const nodeOf = new Map((await readRunSeries(db, run)).map(({ id, node }) => [id, node]));
  const byNode = new Map<number, MeasureAdder>();
  const pages = inPages<{ usage: number; further: Uint8Array }>(
    db,
    'SELECT usage, further FROM log WHERE usage = ANY($1::integer[]) AND further IS NOT NULL ORDER BY seq',
    [[...nodeOf.keys()]],
    PAGE_ROWS,
  );
  for await (const rows of pages) {
    for (const { usage, further } of rows) {
      const node = nodeOf.get(usage)!;
      const adder = byNode.get(node) ?? measureAdder();
      byNode.set(node, adder);
      addFurther(adder, openFurther(further, 1, 'all')!, 0);
    }
  }
  return new Map(Array.from(byNode, ([node, adder]) => [node, adder.totals()]));
}

/** Visits all unsealed samples of series of any runs, with the place of the series. */
export async function visitAll(
  db: Queries,
  series: readonly UnsealedSeries[],
  visit: (place: number, row: LoadColumns, at: number) => void,
): Promise<void> {
  const places = new Map(series.map(({ id }, place) => [id, place]));
  const pages = inPages<LogRow>(
    db,
    `SELECT ${COLUMNS} FROM log WHERE usage = ANY($1::integer[]) ORDER BY seq`,
    [[...places.keys()]],
    PAGE_ROWS,
  );
  for await (const rows of pages) for (const row of rows) visit(places.get(row.usage)!, columnsOf(row), 0);
}

/**
 * Visits some unsealed samples of series of any runs: `stridesOf` says from the number of samples of each
 * series which of them, every second or third.
 */
export async function visitSome(
  db: Queries,
  series: readonly UnsealedSeries[],
  stridesOf: (counts: Uint32Array) => readonly number[],
  visit: (place: number, sample: ChunkColumns) => void,
): Promise<void> {
  const places = new Map(series.map(({ id }, place) => [id, place]));
  const counted = await db.all<{ usage: number; samples: number }>(
    'SELECT usage, count(*) AS samples FROM log WHERE usage = ANY($1::integer[]) GROUP BY usage',
    [[...places.keys()]],
  );
  const counts = new Uint32Array(series.length);
  for (const { usage, samples } of counted) counts[places.get(usage)!] = samples;
  // Those of several nodes are of different moments.
  const pages = inPages<LogRow>(
    db,
    `SELECT ${COLUMNS} FROM (
       SELECT log.*, wanted.stride, wanted.place - 1 + row_number() OVER (PARTITION BY log.usage ORDER BY seq) - 1 AS number
         FROM unnest($1::integer[], $2::bigint[]) WITH ORDINALITY AS wanted (usage, stride, place)
         JOIN log ON log.usage = wanted.usage) AS numbered
      WHERE number % stride = 0 ORDER BY seq`,
    [[...places.keys()], [...stridesOf(counts)]],
    PAGE_ROWS,
  );
  for await (const rows of pages) {
    for (const row of rows) {
      const { times, cpu, memory, gpu } = columnsOf(row);
      visit(places.get(row.usage)!, { count: 1, times, cpu, memory, gpu: gpu! });
    }
  }
}
