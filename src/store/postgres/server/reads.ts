import type { SQL } from 'bun';
import { AppError, databaseNotReadable, shuttingDown, TOO_MANY_READS } from '../../../domain/errors.ts';
import { createGate, type Gate } from '../../../domain/gate.ts';
import { SLICE_MS, yieldToOthers } from '../../../pace.ts';
import { type Queries, queriesOf } from '../sql/queries.ts';
import { reserve } from './connect.ts';
import { isServerError } from './errors.ts';

/** Longest statement of a read, and longest pause of a transaction between two of them. */
const STATEMENT_MS = 60_000;
const IDLE_MS = 15 * 60_000;
const BEGIN = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SET LOCAL statement_timeout = ${STATEMENT_MS}; SET LOCAL idle_in_transaction_session_timeout = ${IDLE_MS}`;

/** Connections that all reads need at most. */
export const READ_CONNECTIONS = 35;

/** A read of one snapshot. */
type Read<Value> = (db: Queries) => Promise<Value>;
/** A read that yields batches, from one snapshot. */
type Stream<Batch> = (db: Queries) => AsyncGenerator<Batch, void>;

/**
 * Runs reads, each on a connection and a snapshot of its own. `unavailable` if too many wait, if the server
 * cannot be reached, and once it is closed. A signal that is aborted ends a read at its next statement.
 */
export function storeReads(client: SQL) {
  // The same bounds as of the SQLite engine: memory and the event loop are shared in the same way. Together
  // they are READ_CONNECTIONS, so that no read that holds a connection waits for another one to get one.
  const shortReads = createGate({ places: 8, waiting: 10_000, message: TOO_MANY_READS });
  const computations = createGate({ places: 4, waiting: 64, message: TOO_MANY_READS });
  const bigComputations = createGate({ places: 2, waiting: 64, message: TOO_MANY_READS });
  const streams = createGate({ places: 16, waiting: 64, message: TOO_MANY_READS });
  const bigStreams = createGate({ places: 5, waiting: 0, message: TOO_MANY_READS });
  const closing = new AbortController();

  function requireOpen(): void {
    if (closing.signal.aborted) throw shuttingDown();
  }

  /** Starts a transaction, without waiting for the server: later statements follow it. */
  async function begin(): Promise<Bun.ReservedSQL> {
    requireOpen();
    try {
      const connection = await reserve(client);
      // If this fails, so do the statements that follow, which are awaited.
      Promise.resolve(connection.unsafe(BEGIN)).catch(() => {});
      return connection;
    } catch (error) {
      throw databaseNotReadable(error);
    }
  }

  /** Ends a transaction. A connection that was lost needs no end; the client opens another one. */
  async function end(connection: Bun.ReservedSQL): Promise<void> {
    await Promise.resolve(connection.unsafe('ROLLBACK')).catch(() => {});
    connection.release();
  }

  /** Makes every statement check first whether its answer is still wanted. */
  function watched(connection: Bun.ReservedSQL, signal: AbortSignal | undefined): Queries {
    const db = queriesOf(connection);
    const check = () => {
      signal?.throwIfAborted();
      requireOpen();
    };
    return {
      async all<Row>(...given: Parameters<Queries['all']>) {
        check();
        return db.all<Row>(...given);
      },
      async get<Row>(...given: Parameters<Queries['get']>) {
        check();
        return db.get<Row>(...given);
      },
      async change(...given) {
        check();
        return db.change(...given);
      },
    };
  }

  async function* run<Batch, Value>(
    start: (db: Queries) => AsyncGenerator<Batch, Value>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Batch, Value> {
    const connection = await begin();
    try {
      return yield* start(watched(connection, signal));
    } catch (error) {
      throw explain(error, signal);
    } finally {
      // Nobody waits for it, because the value is read.
      end(connection);
    }
  }

  function explain(error: unknown, signal: AbortSignal | undefined): unknown {
    if (error instanceof AppError || error === signal?.reason) return error;
    if (closing.signal.aborted) return shuttingDown();
    return isServerError(error) ? databaseNotReadable(error) : error;
  }

  async function compute<Value>(gate: Gate, read: Read<Value>, signal?: AbortSignal): Promise<Value> {
    requireOpen();
    const leave = await gate.enter(signal);
    try {
      // biome-ignore lint/correctness/useYield: a read without batches.
      const steps = run(async function* (db): AsyncGenerator<never, Value> {
        return await read(db);
      }, signal);
      return (await steps.next()).value as Value;
    } finally {
      leave();
    }
  }

  async function* through<Batch>(
    gate: Gate,
    start: Stream<Batch>,
    signal?: AbortSignal,
  ): AsyncGenerator<Batch, void> {
    requireOpen();
    const leave = await gate.enter(signal);
    try {
      for await (const batch of run(start, signal)) {
        signal?.throwIfAborted();
        requireOpen();
        yield batch;
      }
    } finally {
      leave();
    }
  }

  return {
    /** Returns the value of a short read. */
    read: <Value>(read: Read<Value>, signal?: AbortSignal) => compute(shortReads, read, signal),
    /** Returns the value of a read that may take long. */
    compute: <Value>(read: Read<Value>, signal?: AbortSignal) => compute(computations, read, signal),
    /** As `compute`, for reads that use much memory. */
    computeMuch: <Value>(read: Read<Value>, signal?: AbortSignal) => compute(bigComputations, read, signal),
    /** Yields the batches of a read. */
    stream: <Batch>(start: Stream<Batch>, signal?: AbortSignal) => through(streams, start, signal),
    /** As `stream`, for reads that use much memory while they are open. */
    streamMuch: <Batch>(start: Stream<Batch>, signal?: AbortSignal) => through(bigStreams, start, signal),
    /** Lets no further read begin; those that are open end at their next statement. */
    close: (): void => closing.abort(),
  };
}

export type StoreReads = ReturnType<typeof storeReads>;

/** Runs steps of pure work to their end, in slices between which other requests are served. */
export async function inSlices<Value>(
  steps: Generator<undefined, Value>,
  betweenSteps: () => Promise<void> | undefined = () => undefined,
): Promise<Value> {
  let endMs = performance.now() + SLICE_MS;
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await betweenSteps();
    if (performance.now() < endMs) continue;
    await yieldToOthers('background');
    endMs = performance.now() + SLICE_MS;
  }
}
