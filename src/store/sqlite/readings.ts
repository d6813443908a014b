import type { Database } from 'bun:sqlite';
import { notANode } from '../../domain/sample.ts';
import type { JobSummary, Reading, ReadingQuery } from '../../domain/store.ts';
import { readPoint, summarizeJob, summarizeNode, type UsageSummary } from '../../domain/summary.ts';
import { type ChunkSample, unpackChunk } from './chunk.ts';
import { type Place, unpackAt } from './damage.ts';
import { type FoundRun, runFinder } from './pastruns.ts';
import { unpackPoints } from './points.ts';
import { mergeRuns, type Run } from './runs.ts';
import { tailReader } from './tail.ts';
import { totalsReader } from './totals.ts';

interface ChunkRow {
  readonly seq: number;
  readonly tier: number;
  readonly start_time: number;
  readonly end_time: number;
  readonly samples: number;
}

/** A node of a job that has reported. */
interface NodeRow {
  readonly node: number;
  readonly name: string;
}

/** Reads samples and what is left of them, from the log, the chunks and the points, through one connection. */
export function readingReader(db: Database) {
  const findRun = runFinder(db);
  const selectNodes = db.query<NodeRow, [number]>(
    'SELECT node, (SELECT name FROM node WHERE id = usage.node) AS name FROM usage WHERE job = ?',
  );
  const readTail = tailReader(db);
  const selectChunks = db.query<ChunkRow, [number, number, number, number]>(
    `SELECT seq, tier, start_time, end_time, samples FROM chunk
      WHERE job = ? AND node = ? AND start_time <= ? AND end_time >= ?`,
  );
  const selectData = db.query<{ data: Uint8Array }, [number]>('SELECT data FROM chunk WHERE seq = ?');
  const readTotals = totalsReader(db);

  function findRuns(
    { seq: job, nodes: known }: FoundRun,
    { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, node: name }: ReadingQuery,
  ): Run[] {
    if (name !== undefined && !known.includes(name)) throw notANode(name);
    const isInside = ({ timeMs }: Reading) => timeMs >= fromMs && timeMs <= toMs;
    const nodes = selectNodes.all(job).filter((row) => name === undefined || row.name === name);
    return nodes.flatMap(({ node, ...row }) => {
      const label = row.name === known[0] ? {} : { node: row.name };
      const chunks = selectChunks.all(job, node, toMs, fromMs).map(({ seq, tier, ...chunk }): Run => {
        const isWhole = chunk.start_time >= fromMs && chunk.end_time <= toMs;
        const place = { job, startMs: chunk.start_time, endMs: chunk.end_time };
        const read = () => readChunk(place, seq, tier, label);
        // A chunk at the edge of the range has to be read to be counted; it is not read again.
        const inside = isWhole ? undefined : read().filter(isInside);
        return {
          startMs: chunk.start_time,
          endMs: chunk.end_time,
          count: inside?.length ?? chunk.samples,
          open: inside ? () => inside : read,
        };
      });
      const tail = readTail(job, node)
        .map((sample) => toReading(sample, label))
        .filter(isInside);
      return tail.length === 0 ? chunks : [...chunks, runOf(tail)];
    });
  }

  function readChunk(place: Place, seq: number, tier: number, label: { node?: string }): Reading[] {
    const data = selectData.get(seq)!.data;
    return unpackAt(db, place, () =>
      tier === 0
        ? unpackChunk(data).map((sample) => toReading(sample, label))
        : unpackPoints(data).map((point) => ({ ...readPoint(point), ...label })),
    );
  }

  return {
    /** The newest `limit` readings, in order, and how many match in all. */
    list(id: string, query: ReadingQuery, limit: number): { samples: Reading[]; total: number } {
      const runs = findRuns(findRun(id, query.run), query);
      const samples: Reading[] = [];
      for (const batch of mergeRuns(runs, 'desc')) {
        samples.push(...batch.slice(0, limit - samples.length));
        if (samples.length === limit) break;
      }
      if (query.order !== 'desc') samples.reverse();
      return { samples, total: runs.reduce((sum, { count }) => sum + count, 0) };
    },

    /** All readings in order, a batch at a time. */
    stream(id: string, query: ReadingQuery): Generator<Reading[]> {
      return mergeRuns(findRuns(findRun(id, query.run), query), query.order ?? 'asc');
    },

    summary(id: string, run?: number): JobSummary {
      const { seq, nodes } = findRun(id, run);
      const totals = readTotals(seq).sort(
        (one, other) => nodes.indexOf(one.node) - nodes.indexOf(other.node),
      );
      const summaries = totals.map((one): UsageSummary & { node: string } => ({
        node: one.node,
        ...summarizeNode(one),
      }));
      return { whole: summarizeJob(totals), nodes: summaries };
    },
  };
}

const runOf = (readings: readonly Reading[]): Run => ({
  startMs: readings[0]!.timeMs,
  endMs: readings.at(-1)!.timeMs,
  count: readings.length,
  open: () => readings,
});

function toReading(
  { timeMs, cpuUsage, memoryUsageMb, gpuUsage }: ChunkSample,
  label: { node?: string },
): Reading {
  return { timeMs, ...label, cpuUsage, memoryUsageMb, ...(gpuUsage !== null && { gpuUsage }) };
}
