import type { Sight } from '../../../domain/caller.ts';
import { defined } from '../../../domain/defined.ts';
import type { HeatMap } from '../../../domain/heat-map.ts';
import { measureSummarizer, summarizeNodeMeasures } from '../../../domain/measure-summary.ts';
import { codesOf } from '../../../domain/reading-fields.ts';
import { joinReadings, type Readings } from '../../../domain/readings.ts';
import { type NodeTrace, sampleTracer } from '../../../domain/sample-trace.ts';
import type { Plot } from '../../../domain/spans.ts';
import type { JobRun } from '../../../domain/store/runs.ts';
import type { HeatMapQuery, JobSummary, NodeSummary, ReadingQuery } from '../../../domain/store/samples.ts';
import { summarizeJob, summarizeNode } from '../../../domain/summary.ts';
import { SLICE_MS, yieldToOthers } from '../../../pace.ts';
import { mapPieces } from '../../chunk/heat-map.ts';
import { mergePieces } from '../../chunk/merge.ts';
import { arrivalOf, type FoundPieces } from '../../chunk/piece.ts';
import { plotPieces } from '../../chunk/plot.ts';
import { type FoundRun, inOrderOf } from '../../rows/past-run.ts';
import { findRun, listRuns } from '../runs/past.ts';
import { inSlices } from '../server/reads.ts';
import type { Queries } from '../sql/queries.ts';
import { findPieces, type LoadedPieces } from './pieces.ts';
import { readTotals } from './totals.ts';

/** Returns the newest `limit` readings in order, and how many match in all. */
export async function listReadings(
  db: Queries,
  id: string,
  query: ReadingQuery,
  limit: number,
  sight: Sight,
): Promise<{ samples: Readings; total: number }> {
  const found = await findPieces(db, { id, ...(await findRun(db, id, query.run, sight)) }, query);
  const total = countOf(found.pieces);
  const wanted = query.order ?? 'asc';
  // The newest readings are found from the end, and reversed afterwards if they are wanted in ascending
  // order.
  const order = total > limit ? 'desc' : wanted;
  const batches: Readings[] = [];
  for await (const batch of mergeLoaded(found, query, { order, limit })) batches.push(batch);
  const { names, gpus } = found;
  return {
    samples: joinReadings(batches, { names, ...(gpus && { gpus }), isTurned: order !== wanted }),
    total,
  };
}

/** Yields all readings in order, a batch at a time. */
export async function* streamReadings(
  db: Queries,
  id: string,
  query: ReadingQuery,
  sight: Sight,
): AsyncGenerator<Readings, void> {
  const found = await findPieces(db, { id, ...(await findRun(db, id, query.run, sight)) }, query);
  yield* mergeLoaded(found, query, { order: query.order ?? 'asc' });
}

/** Merges pieces in slices, and fetches what they need. */
async function* mergeLoaded(
  { loader, pieces, names, gpus }: LoadedPieces,
  { codes = [] }: ReadingQuery,
  options: { readonly order: 'asc' | 'desc'; readonly limit?: number },
): AsyncGenerator<Readings, void> {
  let endMs = performance.now() + SLICE_MS;
  const labels = { names, ...(gpus && { gpus }) };
  for (const batch of mergePieces(pieces, { ...labels, further: codes.length, ...options })) {
    if (batch) yield batch;
    await loader.load();
    if (performance.now() < endMs) continue;
    await yieldToOthers('background');
    endMs = performance.now() + SLICE_MS;
  }
}

/** Returns a plot as `SampleStore.plotSamples` describes. */
export async function plotReadings(
  db: Queries,
  id: string,
  query: ReadingQuery,
  maxPoints: number,
  sight: Sight,
): Promise<Plot> {
  const found = await findPieces(db, { id, ...(await findRun(db, id, query.run, sight)) }, query);
  return inSlices(plotPieces(found, query, maxPoints), () => found.loader.load());
}

/** Returns a heat map as `SampleStore.mapSamples` describes. */
export async function mapReadings(
  db: Queries,
  id: string,
  query: HeatMapQuery,
  sight: Sight,
): Promise<HeatMap> {
  const { field, columns: _, ...range } = query;
  const run = { id, ...(await findRun(db, id, query.run, sight)) };
  const codes = codesOf([field]);
  const { pieces, names, gpus, loader } = await findPieces(db, run, {
    ...range,
    ...(codes.length > 0 && { codes }),
  });
  const rows = names.map((name = run.nodes[0], place) =>
    defined<{ node?: string; gpu?: string }>({ node: name, gpu: gpus?.[place] }),
  );
  return inSlices(mapPieces({ pieces, names: rows }, query), () => loader.load());
}

/** Returns how the samples followed each other, as `SampleStore.traceSamples` describes. */
export async function traceReadings(
  db: Queries,
  id: string,
  number: number | undefined,
  sight: Sight,
): Promise<NodeTrace[]> {
  const run = { id, ...(await findRun(db, id, number, sight)) };
  const found = await findPieces(db, run, {});
  return inSlices(tracePieces(found, run), () => found.loader.load());
}

function* tracePieces({ pieces, names }: FoundPieces, run: FoundRun): Generator<undefined, NodeTrace[]> {
  const traces: NodeTrace[] = [];
  for (const [node, own] of Map.groupBy(pieces, (piece) => piece.node)) {
    const tracer = sampleTracer(names[node] ?? run.nodes[0] ?? '');
    for (const piece of own) {
      yield* arrivalOf(piece);
      const times = piece.times?.();
      tracer.add(times ? { times, count: times.length } : piece.open());
      yield;
    }
    traces.push(tracer.trace());
  }
  return traces;
}

/** Summarizes all samples of a run. */
export async function readSummary(
  db: Queries,
  id: string,
  run: number | undefined,
  sight: Sight,
): Promise<JobSummary> {
  return summarizeRun(db, await findRun(db, id, run, sight));
}

async function summarizeRun(db: Queries, { seq, nodes }: FoundRun): Promise<JobSummary> {
  const totals = inOrderOf(nodes, await readTotals(db, seq), ({ node }) => node);
  const measured = measureSummarizer();
  const summaries = totals.map((one): NodeSummary => {
    const usage = summarizeNode(one);
    measured.add(one.measures, usage.observedSeconds);
    return { node: one.node, ...usage, ...summarizeNodeMeasures(one.measures, usage.observedSeconds) };
  });
  return { whole: { ...summarizeJob(totals, summaries), ...measured.summary() }, nodes: summaries };
}

const countOf = (pieces: FoundPieces['pieces']) => pieces.reduce((sum, { count }) => sum + count, 0);

/** Reads the runs of a job that are to be seen, with their summaries, the latest first, one at a time. */
export async function* readRuns(db: Queries, id: string, sight: Sight): AsyncGenerator<JobRun, void> {
  for (const { number, job, seq } of (await listRuns(db, id, sight)).reverse())
    yield { run: number, job, summary: await summarizeRun(db, { seq, nodes: job.nodes }) };
}
