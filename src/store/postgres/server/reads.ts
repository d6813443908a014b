import type { SQL } from 'bun';
import { AppError, databaseNotReadable, shuttingDown, TOO_MANY_READS } from '../../../domain/errors.ts';
import { createGate, type Gate } from '../../../domain/gate.ts';
import { SLICE_MS, yieldToOthers } from '../../../pace.ts';
import { type Client, type Queries, queriesOf } from '../sql/queries.ts';
import { reserve } from './connect.ts';
import { isServerError } from './errors.ts';
import { watchSilence } from './silence.ts';

/**
 * Longest statement of a short read and of any other. With the silence after it, a refusal is on its way
 * before the connection of a client that got nothing for 30 s is closed.
 */
const SHORT_MS = 10_000;
const LONG_MS = 20_000;
/** Without an answer for this long after the limit, the server or the way to it hangs. */
const SILENCE_MS = 5000;
/** Longest pause between two statements of a transaction. */
const IDLE_MS = 15 * 60_000;

const beginOf = (limitMs: number): string => `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SET LOCAL statement_timeout = ${limitMs}; SET LOCAL idle_in_transaction_session_timeout = ${IDLE_MS}`;

/** Connections that all reads need at most. */
export const READ_CONNECTIONS = 35;

/** A connection in a transaction; `watched` closes it when the server is silent. */
interface Transaction {
  readonly connection: Bun.ReservedSQL;
  readonly watched: Client;
}

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
  async function begin(limitMs: number): Promise<Transaction> {
    requireOpen();
    try {
      const connection = await reserve(client);
      // The pool opens another one in its place.
      const watched = watchSilence(connection, limitMs + SILENCE_MS, () => connection.close({ timeout: 0 }));
      // If this fails, so do the statements that follow, which are awaited.
      Promise.resolve(watched.unsafe(beginOf(limitMs))).catch(() => {});
      return { connection, watched };
    } catch (error) {
      throw databaseNotReadable(error);
    }
  }

  /** Ends a transaction. A connection that was lost needs no end; the client opens another one. */
  async function end({ connection, watched }: Transaction): Promise<void> {
    await Promise.resolve(watched.unsafe('ROLLBACK')).catch(() => {});
    connection.release();
  }

  /** Makes every statement check first whether its answer is still wanted. */
  function checked(client: Client, signal: AbortSignal | undefined): Queries {
    const db = queriesOf(client);
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
    limitMs: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Batch, Value> {
    const transaction = await begin(limitMs);
    try {
      return yield* start(checked(transaction.watched, signal));
    } catch (error) {
      throw explain(error, signal);
    } finally {
      // Nobody waits for it, because the value is read.
      end(transaction);
    }
  }

  function explain(error: unknown, signal: AbortSignal | undefined): unknown {
    if (error instanceof AppError || error === signal?.reason) return error;
    if (closing.signal.aborted) return shuttingDown();
    return isServerError(error) ? databaseNotReadable(error) : error;
  }

  async function compute<Value>(
    gate: Gate,
    read: Read<Value>,
    signal?: AbortSignal,
    limitMs = LONG_MS,
  ): Promise<Value> {
    requireOpen();
    const leave = await gate.enter(signal);
    try {
      // biome-ignore lint/correctness/useYield: a read without batches.
      const start = async function* (db: Queries): AsyncGenerator<never, Value> {
        return await read(db);
      };
      const steps = run(start, limitMs, signal);
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
      for await (const batch of run(start, LONG_MS, signal)) {
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
    read: <Value>(read: Read<Value>, signal?: AbortSignal) => compute(shortReads, read, signal, SHORT_MS),
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
