import type { Database } from 'bun:sqlite';
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
import { mapPieces } from '../../chunk/heat-map.ts';
import { mergePieces } from '../../chunk/merge.ts';
import type { FoundPieces } from '../../chunk/piece.ts';
import { plotPieces } from '../../chunk/plot.ts';
import { type FoundRun, inOrderOf } from '../../rows/past-run.ts';
import { runFinder, runLister } from '../runs/past.ts';
import { perConnection } from '../sql/per-connection.ts';
import { pieceFinder } from './pieces.ts';
import { totalsReader } from './totals.ts';

/** Nodes summarized between two pauses. */
const NODES_AT_ONCE = 100;

/**
 * Reads samples, and points of older samples, through one connection. All methods work in steps: they yield
 * undefined where they may pause. The caller must hold one transaction from the first step to the last. A run
 * that is not to be seen does not exist.
 */
export const readingReader = perConnection((db: Database) => {
  const findRun = runFinder(db);
  const findPieces = pieceFinder(db);
  const readTotals = totalsReader(db);

  return {
    /** Returns the newest `limit` readings in order, and how many match in all. */
    *list(
      id: string,
      query: ReadingQuery,
      limit: number,
      sight: Sight,
    ): Generator<undefined, { samples: Readings; total: number }> {
      const { pieces, ...labels } = yield* findPieces(findRun(id, query.run, sight), query);
      const total = countOf(pieces);
      const wanted = query.order ?? 'asc';
      // The newest readings are found from the end, and reversed afterwards if they are wanted in ascending
      // order.
      const order = total > limit ? 'desc' : wanted;
      const batches: Readings[] = [];
      for (const batch of mergePieces(pieces, { ...labels, ...shapeOf(query), order, limit })) {
        if (batch) batches.push(batch);
        yield;
      }
      return { samples: joinReadings(batches, { ...labels, isTurned: order !== wanted }), total };
    },

    /** Yields all readings in order, a batch at a time. */
    *stream(id: string, query: ReadingQuery, sight: Sight): Generator<Readings | undefined, void> {
      const { pieces, ...labels } = yield* findPieces(findRun(id, query.run, sight), query);
      yield* mergePieces(pieces, { ...labels, ...shapeOf(query), order: query.order ?? 'asc' });
    },

    /** Returns a plot as `SampleStore.plotSamples` describes. */
    *plot(id: string, query: ReadingQuery, maxPoints: number, sight: Sight): Generator<undefined, Plot> {
      const found = yield* findPieces(findRun(id, query.run, sight), query);
      return yield* plotPieces(found, query, maxPoints);
    },

    /** Returns a heat map as `SampleStore.mapSamples` describes. */
    *map(id: string, query: HeatMapQuery, sight: Sight): Generator<undefined, HeatMap> {
      const { field, columns: _, ...range } = query;
      const run = findRun(id, query.run, sight);
      const codes = codesOf([field]);
      const { pieces, names, gpus } = yield* findPieces(run, {
        ...range,
        ...(codes.length > 0 && { codes }),
      });
      const rows = names.map((name = run.nodes[0], place) =>
        defined<{ node?: string; gpu?: string }>({ node: name, gpu: gpus?.[place] }),
      );
      return yield* mapPieces({ pieces, names: rows }, query);
    },

    /** Returns how the samples followed each other, as `SampleStore.traceSamples` describes. */
    *trace(id: string, number: number | undefined, sight: Sight): Generator<undefined, NodeTrace[]> {
      const run = findRun(id, number, sight);
      const { pieces, names } = yield* findPieces(run, {});
      const traces: NodeTrace[] = [];
      for (const [node, own] of Map.groupBy(pieces, (piece) => piece.node)) {
        const tracer = sampleTracer(names[node] ?? run.nodes[0] ?? '');
        for (const piece of own) {
          const times = piece.times?.();
          tracer.add(times ? { times, count: times.length } : piece.open());
          yield;
        }
        traces.push(tracer.trace());
      }
      return traces;
    },

    /** Summarizes all samples of a run. */
    *summary(id: string, run: number | undefined, sight: Sight): Generator<undefined, JobSummary> {
      return yield* this.summarizeRun(findRun(id, run, sight));
    },

    *summarizeRun({ seq, nodes }: FoundRun): Generator<undefined, JobSummary> {
      const totals = inOrderOf(nodes, yield* readTotals(seq), ({ node }) => node);
      const summaries: NodeSummary[] = [];
      const measured = measureSummarizer();
      for (const one of totals) {
        const usage = summarizeNode(one);
        measured.add(one.measures, usage.observedSeconds);
        const measures = summarizeNodeMeasures(one.measures, usage.observedSeconds);
        summaries.push({ node: one.node, ...usage, ...measures });
        if (summaries.length % NODES_AT_ONCE === 0) yield;
      }
      return { whole: { ...summarizeJob(totals, summaries), ...measured.summary() }, nodes: summaries };
    },
  };
});

const shapeOf = ({ codes = [] }: ReadingQuery) => ({ further: codes.length });

const countOf = (pieces: FoundPieces['pieces']) => pieces.reduce((sum, { count }) => sum + count, 0);

/** Reads the runs of a job that are to be seen, with their summaries, the latest first, one at a time. */
export const runReader = perConnection((db: Database) => {
  const listRuns = runLister(db);
  const readings = readingReader(db);
  return function* (id: string, sight: Sight): Generator<JobRun | undefined, void> {
    for (const { number, job, seq } of listRuns(id, sight).reverse()) {
      yield;
      yield { run: number, job, summary: yield* readings.summarizeRun({ seq, nodes: job.nodes }) };
    }
  };
});
