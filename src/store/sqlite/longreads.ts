import type { Database } from 'bun:sqlite';
import { type Rank, SLICE_MS, takeTurn } from '../../pace.ts';
import type { ConnectionPool } from './connections.ts';

/**
 * One read, step by step. It yields undefined wherever it may be interrupted, which has to be every millisecond or so, and a
 * batch where it has one.
 */
export type ReadSteps<Batch, Value = void> = (connection: Database) => Generator<Batch | undefined, Value>;

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** `background` when left out. */
  readonly rank?: Rank;
}

/**
 * Runs reads that take longer than one request may keep the others waiting. Each has a connection of its own, whose
 * transaction holds one moment, and works in slices of `SLICE_MS`; of all reads together one slice has a turn of the event loop.
 * A read ends at its next slice when its signal is aborted (with the signal's reason) or the pool is closed (`unavailable`).
 */
export function longReads(pool: ConnectionPool) {
  async function* run<Batch, Value>(
    start: ReadSteps<Batch, Value>,
    options: ReadOptions = {},
  ): AsyncGenerator<Batch, Value> {
    let endMs = await startSlice(options);
    const connection = pool.take();
    let steps: Generator<Batch | undefined, Value> | undefined;
    try {
      connection.run('BEGIN');
      steps = start(connection);
      for (;;) {
        const step = steps.next();
        if (step.done) return step.value;
        if (step.value !== undefined) yield step.value;
        else if (performance.now() < endMs) continue;
        endMs = await startSlice(options);
      }
    } finally {
      steps?.return(undefined as Value);
      pool.giveBack(connection);
    }
  }

  /** Waits for the next slice, and returns when it is over. */
  async function startSlice({ signal, rank = 'background' }: ReadOptions): Promise<number> {
    await takeTurn(rank);
    signal?.throwIfAborted();
    pool.requireOpen();
    return performance.now() + SLICE_MS;
  }

  return {
    /** The batches of a read; the next slice starts when the caller asks for the next batch. */
    stream: <Batch>(start: ReadSteps<Batch>, options?: ReadOptions): AsyncGenerator<Batch, void> =>
      run(start, options),

    /** What a read without batches returns at its end. */
    async compute<Value>(start: ReadSteps<never, Value>, options?: ReadOptions): Promise<Value> {
      const result = await run(start, options).next();
      return result.value;
    },
  };
}

export type LongReads = ReturnType<typeof longReads>;
