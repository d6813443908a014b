import type { Database } from 'bun:sqlite';
import { AppError } from '../../../domain/errors.ts';
import { type DiskError, isDiskError } from '../file/connection.ts';
import { FilesChanged } from '../file/files.ts';
import { type GroupOutcome, type Outcome, type Write, writeApplier } from './write.ts';

/**
 * Commits groups of writes, each group in one transaction. A write that a rule refuses has changed nothing and costs
 * the others nothing. When the disk refuses, nothing of the group is kept. When a statement of ours fails, the group
 * is done again one by one, so that only the write at fault fails, or those that the disk then refuses. `checkFiles`
 * throws when what is committed would be lost; it is asked right before each commit.
 */
export function groupCommitter(
  db: Database,
  checkFiles: () => void = () => {},
): (writes: readonly Write[]) => GroupOutcome {
  const applier = writeApplier(db);
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
      // Some disk errors have already rolled back.
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
    const seconds = () => (performance.now() - startedMs) / 1000;
    try {
      return { kind: 'committed', outcomes: commitTogether(writes), seconds: seconds() };
    } catch (error) {
      if (isDiskError(error))
        return { kind: 'diskError', message: describeDiskError(error), seconds: seconds() };
    }
    return { kind: 'committed', outcomes: commitApart(writes), seconds: seconds() };
  };
}

const describeDiskError = (error: DiskError): string =>
  error instanceof FilesChanged ? error.message : `${error.code}: ${error.message}`;
