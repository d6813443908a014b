import type { Database } from 'bun:sqlite';
import { TOO_MANY_READS } from '../../../domain/errors.ts';
import { createGate, type Gate } from '../../../domain/gate.ts';
import { joinTurn, type Rank, SLICE_MS, yieldToOthers } from '../../../pace.ts';
import type { ConnectionPool } from './connections.ts';

/**
 * A read in steps. It yields undefined at least every millisecond or so, where it may be paused, and batches
 * in between.
 */
type ReadSteps<Batch, Value = void> = (connection: Database) => Generator<Batch | undefined, Value>;

/**
 * Runs long reads beside other requests. Each has its own connection with one snapshot and works in slices of
 * `SLICE_MS`; all reads together get one slice in each turn of the event loop. A read rejects at its next
 * slice if its signal is aborted (with the signal's reason) or the pool is closed (`unavailable`).
 */
export function longReads(pool: ConnectionPool) {
  const computations = createGate({ places: 4, waiting: 64, message: TOO_MANY_READS });
  // Each may hold tens of MB for a job with many nodes. More at once would finish no sooner.
  const bigComputations = createGate({ places: 2, waiting: 64, message: TOO_MANY_READS });
  // A stream lasts until its reader has read it. Streams of
  // lists and runs are mostly short and use little memory.
  const streams = createGate({ places: 16, waiting: 64, message: TOO_MANY_READS });
  // Each may use tens of MB for a job with many nodes, and
  // may last for minutes: further ones are refused at once.
  const bigStreams = createGate({ places: 5, waiting: 0, message: TOO_MANY_READS });

  async function* run<Batch, Value>(
    start: ReadSteps<Batch, Value>,
    signal: AbortSignal | undefined,
    rank: Rank = 'background',
  ): AsyncGenerator<Batch, Value> {
    let endMs = await startSlice(joinTurn(rank), signal);
    const connection = pool.take();
    let steps: Generator<Batch | undefined, Value> | undefined;
    try {
      connection.query('BEGIN').run();
      steps = start(connection);
      for (;;) {
        const step = steps.next();
        if (step.done) return step.value;
        if (step.value !== undefined) yield step.value;
        else if (performance.now() < endMs) continue;
        endMs = await startSlice(yieldToOthers(rank), signal);
      }
    } finally {
      steps?.return(undefined as Value);
      pool.giveBack(connection);
    }
  }

  /** Waits for the turn of a slice, and returns the time at which the slice ends. */
  async function startSlice(turn: Promise<void>, signal: AbortSignal | undefined): Promise<number> {
    await turn;
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

  async function computeThrough<Value>(
    gate: Gate,
    start: ReadSteps<never, Value>,
    signal: AbortSignal | undefined,
  ): Promise<Value> {
    const leave = await gate.enter(signal);
    try {
      return (await run(start, signal).next()).value;
    } finally {
      leave();
    }
  }

  return {
    /**
     * Yields the batches of a read, each in a slice that starts when it is asked for. `unavailable` if too
     * many are open.
     */
    stream: <Batch>(start: ReadSteps<Batch>, signal?: AbortSignal) => through(streams, start, signal),

    /** As `stream`, for reads that use much memory while they are open. */
    streamMuch: <Batch>(start: ReadSteps<Batch>, signal?: AbortSignal) => through(bigStreams, start, signal),

    /** As `stream`, before all others and without a limit: the caller bounds how many there are. */
    streamFirst: <Batch>(start: ReadSteps<Batch>): AsyncGenerator<Batch, void> =>
      run(start, undefined, 'first'),

    /** Returns the value of a read without batches. Rejects with `unavailable` if too many are waiting. */
    compute: <Value>(start: ReadSteps<never, Value>, signal?: AbortSignal): Promise<Value> =>
      computeThrough(computations, start, signal),

    /** As `compute`, for reads that use much memory. */
    computeMuch: <Value>(start: ReadSteps<never, Value>, signal?: AbortSignal): Promise<Value> =>
      computeThrough(bigComputations, start, signal),
  };
}

export type LongReads = ReturnType<typeof longReads>;
