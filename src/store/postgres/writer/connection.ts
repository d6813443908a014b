import type { SQL } from 'bun';
import { openClient, requireSchema, requireServer } from '../server/connect.ts';
import { LEASE_SETTINGS, sessionPid, unlockDatabase } from '../server/lock.ts';
import { type Writing, writingOf } from '../sql/queries.ts';

/** Longest statement of the writer, and longest wait for a lock that somebody else holds. */
const SETTINGS = `SET statement_timeout = '60s'; SET lock_timeout = '10s'; ${LEASE_SETTINGS}`;
/** A commit is on disk when it is answered. Stricter settings of the server stay. */
const DURABLE = `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

/** The connection that writes, or waits for the lock that allows it to. */
export class WriterConnection {
  #client: SQL | undefined;
  #reserved: Bun.ReservedSQL | undefined;
  #pid = 0;
  readonly db: Writing = writingOf({ unsafe: (...statement) => this.current.unsafe(...statement) });

  constructor(
    private readonly address: string,
    private readonly name: string,
  ) {}

  /** The connection itself. Throws if it was lost. */
  get current(): Bun.ReservedSQL {
    if (!this.#reserved) throw new ConnectionLost('The connection that writes is not open.');
    return this.#reserved;
  }

  get isOpen(): boolean {
    return this.#reserved !== undefined;
  }

  /** The process id of the session at the server. */
  get pid(): number {
    return this.#pid;
  }

  /** Connects, without taking the lock. */
  async open(): Promise<void> {
    this.lose();
    // A client of its own: closing it ends a connection that hangs.
    const client = openClient(this.address, 1);
    this.#client = client;
    try {
      const reserved = await client.reserve();
      await requireServer(reserved, this.name);
      await reserved.unsafe(SETTINGS);
      await reserved.unsafe(DURABLE);
      await requireSchema(reserved, this.address, this.name);
      if (this.#client !== client) throw new ConnectionLost('The connection that writes was given up.');
      this.#reserved = reserved;
      this.#pid = await sessionPid(this.db);
    } catch (error) {
      if (this.#client === client) this.lose();
      throw error;
    }
  }

  /** Gives the connection up, and with it the lock. Statements that have no answer yet reject. */
  lose(): void {
    const client = this.#client;
    this.#reserved = undefined;
    this.#client = undefined;
    client?.close({ timeout: 0 }).catch(() => {});
  }

  /** Closes the connection, which releases the lock. */
  async close(): Promise<void> {
    // A connection that is lost by now has no lock any more.
    if (this.#reserved) await unlockDatabase(this.#reserved).catch(() => {});
    const client = this.#client;
    this.#reserved = undefined;
    this.#client = undefined;
    await client?.close({ timeout: 1 });
  }
}

/** A statement for a connection that is not open. */
class ConnectionLost extends Error {
  /** As Bun's client reports it. */
  readonly code = 'ERR_POSTGRES_CONNECTION_CLOSED';
}
