import type { Database } from 'bun:sqlite';
import { AppError } from '../../../domain/errors.ts';
import { LogIndex } from '../samples/log-index.ts';
import { shareIndex } from '../samples/unsealed.ts';
import { openForReading } from './connection.ts';
import { openFiles } from './files.ts';

/** Connections that are kept for the next reads; more of them only hold memory and file descriptors. */
const IDLE_CONNECTIONS = 4;

/** Memory for pages of one connection: long reads rarely come back to a page. */
const CACHE_BYTES = 2_000_000;

export interface ConnectionPool {
  /** A connection for one read. `unavailable` when the pool is closed or the file cannot be opened. */
  take(): Database;
  /** Ends the transaction of a connection that is no longer needed, if it has one. */
  giveBack(connection: Database): void;
  /** Throws `unavailable` when the pool is closed. */
  requireOpen(): void;
  /** Closes the idle connections now, and each of the others when it is given back. */
  close(): void;
}

/**
 * Keeps a few connections for reads that each hold a transaction of their own, to a database that is open for writing. A
 * file that has been put in its place since is never opened.
 */
export function connectionPool(path: string): ConnectionPool {
  const files = openFiles(path);
  const index = new LogIndex(false);
  const idle: Database[] = [];
  let isClosed = false;

  function requireOpen(): void {
    if (isClosed) throw new AppError('unavailable', 'The service is shutting down.');
  }

  function open(): Database {
    files.check();
    const connection = openForReading(path, CACHE_BYTES);
    shareIndex(connection, index);
    return connection;
  }

  return {
    requireOpen,

    take() {
      requireOpen();
      try {
        return idle.pop() ?? open();
      } catch (cause) {
        throw new AppError('unavailable', 'The database cannot be read now.', { cause });
      }
    },

    giveBack(connection) {
      if (connection.inTransaction) connection.run('ROLLBACK');
      if (isClosed || idle.length >= IDLE_CONNECTIONS) return connection.close();
      // Its page cache would stay as large as the largest read has made it.
      connection.run('PRAGMA shrink_memory');
      idle.push(connection);
    },

    close() {
      isClosed = true;
      for (const connection of idle.splice(0)) connection.close();
    },
  };
}
