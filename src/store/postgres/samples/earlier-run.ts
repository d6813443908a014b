import type { Series, SeriesName } from '../../rows/series.ts';
import { type PastRow, readPastRow } from '../runs/past.ts';
import { findName } from '../sql/names.ts';
import type { Queries } from '../sql/queries.ts';
import { readSeries } from './series.ts';

/** The start of an earlier run, and the number that its samples carry. */
interface Start {
  readonly seq: number;
  readonly startMs: number;
}

/**
 * Finds the series of samples that arrived after their run had been followed by another. What it reads is
 * cached until `forget`, which must follow each flush: a batch may contain thousands of samples of one job,
 * and a job may have thousands of runs.
 */
export function earlierSeriesFinder(db: Queries) {
  // A run that was never the latest (import only) has no samples, and no positive number.
  const startsOf = cachedBy((jobId: string) =>
    db.all<Start>(
      `SELECT seq, start AS "startMs" FROM past_run WHERE job = $1 AND start IS NOT NULL AND seq > 0 ORDER BY start`,
      [jobId],
    ),
  );
  const nodesOf = cachedBy(async (seq: number) => {
    const row = await db.get<PastRow>('SELECT seq, run FROM past_run WHERE seq = $1::bigint', [seq]);
    const nodes = row ? (readPastRow(row).run.nodes ?? []) : [];
    return { first: nodes[0], all: new Set(nodes) };
  });
  const idOf = cachedBy((name: string) => findName(db, 'node_name', name));
  // There must be one object for a series while samples change it.
  const seriesOn = cachedBy((key: string) => {
    const [seq, node] = key.split(' ').map(Number) as [number, number];
    return readSeries(db, seq, node);
  });

  async function findOn(seq: number, node: string | undefined): Promise<Series | undefined> {
    const { first, all } = await nodesOf(seq);
    const name = node ?? first;
    if (name === undefined || !all.has(name)) return undefined;
    const id = await idOf(name);
    return id === undefined ? undefined : seriesOn(`${seq} ${id}`);
  }

  return {
    /**
     * Finds the series in the last run that had started by `timeMs`. Undefined if there is none, or not on
     * this node.
     */
    async find({ jobId, node }: SeriesName, timeMs: number): Promise<Series | undefined> {
      const run = (await startsOf(jobId)).findLast(({ startMs }) => startMs <= timeMs);
      return run && findOn(run.seq, node);
    },

    /** Finds the series in an earlier run by its number. Undefined if the run was not on this node. */
    findRun: ({ node }: { node?: string }, seq: number): Promise<Series | undefined> => findOn(seq, node),

    /** Drops what was read. Callers must not hold a Series across this call. */
    forget(): void {
      for (const cached of [startsOf, nodesOf, idOf, seriesOn]) cached.forget();
    },
  };
}

/** Caches what `read` returns for each key, until `forget`. */
function cachedBy<Key, Value>(read: (key: Key) => Promise<Value>) {
  const known = new Map<Key, Promise<Value>>();
  const get = (key: Key): Promise<Value> => {
    const value = known.get(key) ?? read(key);
    known.set(key, value);
    return value;
  };
  return Object.assign(get, { forget: () => known.clear() });
}
