import type { Database } from 'bun:sqlite';
import { AppError } from '../../../domain/errors.ts';
import type { Thresholds } from '../../../domain/finding/thresholds.ts';
import type { Write } from '../../writer/write.ts';
import { type DiskError, isDiskError } from '../file/connection.ts';
import { FilesChanged } from '../file/files.ts';
import { writeApplier } from './apply.ts';
import type { GroupOutcome, Outcome } from './protocol.ts';

/**
 * Returns a function that commits a group of writes in one transaction, all or (if the disk refuses) none.
 * After a bug the group is repeated write by write, so that only the faulty one fails. `checkFiles` throws if
 * a commit would be lost.
 */
export function groupCommitter(
  db: Database,
  checkFiles: () => void = () => {},
  thresholds?: Thresholds,
): (writes: readonly Write[]) => GroupOutcome {
  const applier = writeApplier(db, thresholds);
  const begin = db.query('BEGIN IMMEDIATE');
  const commit = db.query('COMMIT');

  function attempt(write: Write): Outcome {
    try {
      return { kind: 'done', value: applier.apply(write) };
    } catch (error) {
      if (error instanceof AppError) return { kind: 'refused', code: error.code, message: error.message };
      throw error;
    }
  }

  function commitTogether(writes: readonly Write[]): Outcome[] {
    begin.run();
    try {
      const outcomes = writes.map(attempt);
      applier.flush();
      checkFiles();
      commit.run();
      return outcomes;
    } catch (error) {
      // SQLite rolls back by itself after some disk errors.
      if (db.inTransaction) db.run('ROLLBACK');
      applier.forget();
      throw error;
    }
  }

  function commitApart(writes: readonly Write[]): Outcome[] {
    return writes.map((write) => {
      try {
        return commitTogether([write])[0]!;
      } catch (error) {
        if (isDiskError(error)) return { kind: 'diskError', message: describeDiskError(error) };
        return { kind: 'fault', message: String(error instanceof Error ? (error.stack ?? error) : error) };
      }
    });
  }

  return (writes) => {
    const startedMs = performance.now();
    const state = () => ({
      seconds: (performance.now() - startedMs) / 1000,
      unsealed: applier.countUnsealed(),
    });
    try {
      return { kind: 'committed', outcomes: commitTogether(writes), ...state() };
    } catch (error) {
      if (isDiskError(error)) return { kind: 'diskError', message: describeDiskError(error), ...state() };
    }
    return { kind: 'committed', outcomes: commitApart(writes), ...state() };
  };
}

const describeDiskError = (error: DiskError): string =>
  error instanceof FilesChanged ? error.message : `${error.code}: ${error.message}`;
