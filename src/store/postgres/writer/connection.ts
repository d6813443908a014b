import type { SQL } from 'bun';
import { openClient, requireServer } from '../server/connect.ts';
import { lockDatabase, unlockDatabase } from '../server/lock.ts';
import { type Writing, writingOf } from '../sql/queries.ts';

/** Longest statement of the writer, and longest wait for a lock that somebody else holds. */
const SETTINGS = `SET statement_timeout = '60s'; SET lock_timeout = '10s'`;
/** A commit is on disk when it is answered. Stricter settings of the server stay. */
const DURABLE = `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

/** The connection that writes, which holds the lock of the database. */
export class WriterConnection {
  readonly #client: SQL;
  #reserved: Bun.ReservedSQL | undefined;
  readonly db: Writing = writingOf({ unsafe: (...statement) => this.current.unsafe(...statement) });

  constructor(
    address: string,
    private readonly name: string,
  ) {
    this.#client = openClient(address, 1);
  }

  /** The connection itself. Throws if it was lost. */
  get current(): Bun.ReservedSQL {
    if (!this.#reserved) throw new Error('The connection that writes is not open.');
    return this.#reserved;
  }

  get isOpen(): boolean {
    return this.#reserved !== undefined;
  }

  /** Connects and takes the lock. Rejects with DatabaseInUse if another service has it. */
  async open(): Promise<void> {
    const reserved = await this.#client.reserve();
    try {
      await requireServer(reserved, this.name);
      await reserved.unsafe(SETTINGS);
      await reserved.unsafe(DURABLE);
      await lockDatabase(reserved, this.name);
      this.#reserved = reserved;
    } catch (error) {
      reserved.release();
      throw error;
    }
  }

  /** Forgets a connection that was lost, so that `open` makes another one. */
  lose(): void {
    const lost = this.#reserved;
    this.#reserved = undefined;
    lost?.release();
  }

  /** Closes the connection, which releases the lock. */
  async close(): Promise<void> {
    // A connection that is lost by now has no lock any more.
    if (this.#reserved) await unlockDatabase(this.#reserved).catch(() => {});
    this.lose();
    await this.#client.close({ timeout: 1 });
  }
}
