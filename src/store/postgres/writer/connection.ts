import type { SQL } from 'bun';
import { openClient, requireSchema, requireServer } from '../server/connect.ts';
import { endSession, LEASE_SETTINGS, readSession, type Session, unlockDatabase } from '../server/lock.ts';
import { watchSilence } from '../server/silence.ts';
import { type Client, type Writing, writingOf } from '../sql/queries.ts';

/** Longest statement of the writer, and longest wait for a lock that somebody else holds. */
const SETTINGS = `SET statement_timeout = '20s'; SET lock_timeout = '10s'; ${LEASE_SETTINGS}`;
/** Without an answer for this long, the server or the way to it hangs. Clients wait for 30 s. */
const SILENCE_MS = 25_000;
/** Longest wait for the server at the end. */
const CLOSE_MS = 1000;
/** A commit is on disk when it is answered. Stricter settings of the server stay. */
const DURABLE = `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

/** The connection that writes, or waits for the lock that allows it to. */
export class WriterConnection {
  #client: SQL | undefined;
  #reserved: Bun.ReservedSQL | undefined;
  #watched: Client | undefined;
  /** The last session; it may be gone. */
  #session: Session | undefined;
  readonly db: Writing = writingOf({
    unsafe: (...statement) => (this.#watched ?? this.current).unsafe(...statement),
  });

  constructor(
    private readonly address: string,
    private readonly name: string,
  ) {}

  /** The connection itself, for statements that may take long. Throws if it was lost. */
  get current(): Bun.ReservedSQL {
    if (!this.#reserved) throw new ConnectionLost('The connection that writes is not open.');
    return this.#reserved;
  }

  get isOpen(): boolean {
    return this.#reserved !== undefined;
  }

  /** The process id of the session at the server. */
  get pid(): number {
    return this.#session?.pid ?? 0;
  }

  /** Connects, without taking the lock. */
  async open(): Promise<void> {
    this.lose();
    // A client of its own: closing it ends a connection that hangs.
    const client = openClient(this.address, 1);
    this.#client = client;
    try {
      const reserved = await client.reserve();
      const watched = watchSilence(reserved, SILENCE_MS, () => client.close({ timeout: 0 }).catch(() => {}));
      await requireServer(watched, this.name);
      await watched.unsafe(SETTINGS);
      await watched.unsafe(DURABLE);
      await requireSchema(watched, this.address, this.name);
      if (this.#client !== client) throw new ConnectionLost('The connection that writes was given up.');
      this.#reserved = reserved;
      this.#watched = watched;
      const earlier = this.#session;
      this.#session = await readSession(this.db);
      if (earlier) await endSession(this.db, earlier);
    } catch (error) {
      if (this.#client === client) this.lose();
      throw error;
    }
  }

  /** Gives the connection up, and with it the lock. Statements that have no answer yet reject. */
  lose(): void {
    const client = this.#client;
    this.#forget();
    client?.close({ timeout: 0 }).catch(() => {});
  }

  /** Closes the connection, which releases the lock. */
  async close(): Promise<void> {
    // A connection that is lost by now has no lock any more, and one that hangs loses it.
    if (this.#reserved)
      await Promise.race([unlockDatabase(this.#reserved).catch(() => {}), Bun.sleep(CLOSE_MS)]);
    // The client would wait for it.
    this.#reserved?.release();
    const client = this.#client;
    this.#forget();
    await client?.close({ timeout: 1 });
  }

  #forget(): void {
    this.#client = undefined;
    this.#reserved = undefined;
    this.#watched = undefined;
  }
}

/** A statement for a connection that is not open. */
class ConnectionLost extends Error {
  /** As Bun's client reports it. */
  readonly code = 'ERR_POSTGRES_CONNECTION_CLOSED';
}
