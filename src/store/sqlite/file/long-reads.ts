import type { Database } from 'bun:sqlite';
import { createGate, type Gate } from '../../../domain/gate.ts';
import { type Rank, SLICE_MS, takeTurn } from '../../../pace.ts';
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
  const computations = createGate({ places: 4, waiting: 64, message: BUSY });
  // A stream lasts as long as its reader takes for it; those of lists and runs are mostly short, and hold little.
  const streams = createGate({ places: 16, waiting: 64, message: BUSY });
  // Each holds some ten megabytes of a job with many nodes: nobody waits for its end.
  const bigStreams = createGate({ places: 5, waiting: 0, message: BUSY });

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

  async function* through<Batch>(
    gate: Gate,
    start: ReadSteps<Batch>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Batch, void> {
    const leave = await gate.enter(signal);
    try {
      yield* run(start, signal);
    } finally {
      leave();
    }
  }

  return {
    /**
     * Yields the batches of a read; the next slice starts when the caller asks for the next batch. `unavailable` when too many
     * are open.
     */
    stream: <Batch>(start: ReadSteps<Batch>, signal?: AbortSignal) => through(streams, start, signal),

    /** As `stream`, for reads that hold much memory as long as they are open. */
    streamMuch: <Batch>(start: ReadSteps<Batch>, signal?: AbortSignal) => through(bigStreams, start, signal),

    /** As `stream`, ahead of all others, and always let in: the caller bounds how many there are. */
    streamFirst: <Batch>(start: ReadSteps<Batch>): AsyncGenerator<Batch, void> =>
      run(start, undefined, 'first'),

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
