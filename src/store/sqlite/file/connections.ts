import type { Database } from 'bun:sqlite';
import { databaseNotReadable, shuttingDown } from '../../../domain/errors.ts';
import { openForReading } from './connection.ts';
import { openFiles } from './files.ts';

/** Idle connections for later reads; more would only hold memory and file descriptors. */
const IDLE_CONNECTIONS = 4;

/** Page cache of one connection. Long reads rarely return to a page. */
const CACHE_BYTES = 2_000_000;

export interface ConnectionPool {
  /**
   * Returns a connection for one read. Throws `unavailable`
   * if the pool is closed or the file cannot be opened.
   */
  take(): Database;
  /** Ends the connection's transaction, if there is one, and takes the connection back. */
  giveBack(connection: Database): void;
  /** Throws `unavailable` if the pool is closed. */
  requireOpen(): void;
  /** Closes the idle connections now, and the others when they are given back. */
  close(): void;
}

/**
 * Pools connections to a database that is open for writing, for reads that need a transaction of their own.
 * Never opens a file that has replaced the database since. `prepare` is called with each new connection.
 */
export function connectionPool(
  path: string,
  prepare: (connection: Database) => void = () => {},
): ConnectionPool {
  const files = openFiles(path);
  const idle: Database[] = [];
  let isClosed = false;

  function requireOpen(): void {
    if (isClosed) throw shuttingDown();
  }

  function open(): Database {
    files.check();
    const connection = openForReading(path, CACHE_BYTES);
    prepare(connection);
    return connection;
  }

  return {
    requireOpen,

    take() {
      requireOpen();
      try {
        return idle.pop() ?? open();
      } catch (cause) {
        throw databaseNotReadable(cause);
      }
    },

    giveBack(connection) {
      if (connection.inTransaction) connection.query('ROLLBACK').run();
      if (isClosed || idle.length >= IDLE_CONNECTIONS) return connection.close();
      // Otherwise the page cache would stay as large as the largest read made it.
      connection.query('PRAGMA shrink_memory').run();
      idle.push(connection);
    },

    close() {
      isClosed = true;
      for (const connection of idle.splice(0)) connection.close();
    },
  };
}
