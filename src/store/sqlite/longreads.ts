import type { Database } from 'bun:sqlite';
import { createGate } from '../../domain/gate.ts';
import { type Rank, SLICE_MS, takeTurn } from '../../pace.ts';
import type { ConnectionPool } from './connections.ts';

/**
 * One read, step by step. It yields undefined wherever it may be interrupted, which has to be every millisecond or so, and a
 * batch where it has one.
 */
export type ReadSteps<Batch, Value = void> = (connection: Database) => Generator<Batch | undefined, Value>;

/**
 * Runs reads that take longer than one request may keep the others waiting. Each has a connection of its own, whose
 * transaction holds one moment, and works in slices of `SLICE_MS`; of all reads together one slice has a turn of the event loop.
 * A read ends at its next slice when its signal is aborted (with the signal's reason) or the pool is closed (`unavailable`).
 */
export function longReads(pool: ConnectionPool) {
  const computations = createGate({ places: 6, waiting: 64, message: BUSY });
  // A stream lasts as long as its reader takes for it, so that nobody waits for its end.
  const streams = createGate({ places: 12, waiting: 0, message: BUSY });

  async function* run<Batch, Value>(
    start: ReadSteps<Batch, Value>,
    signal: AbortSignal | undefined,
    rank: Rank = 'background',
  ): AsyncGenerator<Batch, Value> {
    let endMs = await startSlice(signal, rank);
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
        endMs = await startSlice(signal, rank);
      }
    } finally {
      steps?.return(undefined as Value);
      pool.giveBack(connection);
    }
  }

  /** Waits for the next slice, and returns when it is over. */
  async function startSlice(signal: AbortSignal | undefined, rank: Rank): Promise<number> {
    await takeTurn(rank);
    signal?.throwIfAborted();
    pool.requireOpen();
    return performance.now() + SLICE_MS;
  }

  return {
    /**
     * Yields the batches of a read; the next slice starts when the caller asks for the next batch. `unavailable` when too many
     * are open. One of rank `first` is always let in; its caller bounds how many there are.
     */
    async *stream<Batch>(
      start: ReadSteps<Batch>,
      signal?: AbortSignal,
      rank?: Rank,
    ): AsyncGenerator<Batch, void> {
      const leave = rank === 'first' ? () => {} : await streams.enter(signal);
      try {
        yield* run(start, signal, rank);
      } finally {
        leave();
      }
    },

    /** Returns what a read without batches returns at its end. `unavailable` when too many wait already. */
    async compute<Value>(start: ReadSteps<never, Value>, signal?: AbortSignal): Promise<Value> {
      const leave = await computations.enter(signal);
      try {
        return (await run(start, signal).next()).value;
      } finally {
        leave();
      }
    },
  };
}

const BUSY = 'Too many long reads are under way; try again in a second.';

export type LongReads = ReturnType<typeof longReads>;
