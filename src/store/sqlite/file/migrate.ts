import type { Database } from 'bun:sqlite';
import { constants, copyFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { OperatorError } from '../../../domain/errors.ts';
import { COPY_STATE } from '../../copy/tables.ts';
import { MIGRATIONS, type Migration } from '../migrations/index.ts';
import { APPLICATION_ID, damaged, readPragma } from './connection.ts';
import { rewriteOnce } from './vacuum.ts';

/**
 * Migrates the database to the newest version, one transaction per migration. Copies an existing database to
 * `<path>.version-<N>` first and returns a sentence about it; undefined if nothing was copied. Throws
 * OperatorError for a database of a newer hpc-observe and for a truncated one.
 */
export function migrate(
  db: Database,
  path: string,
  migrations: readonly Migration[] = MIGRATIONS,
): string | undefined {
  // Moves the log of a crashed server into the file, so
  // that its size can be checked and the copy is complete.
  const isWhole = moveLog(db);
  const version = readPragma(db, 'user_version');
  const isNew = readPragma(db, 'application_id') !== APPLICATION_ID;
  if (version > migrations.length) {
    throw new OperatorError(
      `${path} has version ${version}, and this hpc-observe knows versions up to ${migrations.length}. ` +
        `Start the newer hpc-observe that wrote it, or name another file with --database.`,
    );
  }
  if (!isNew && isWhole && statSync(path).size < readPragma(db, 'page_count') * readPragma(db, 'page_size'))
    throw damaged(path);
  if (db.query('SELECT 1 FROM sqlite_schema WHERE name = ?').get(COPY_STATE))
    throw new OperatorError(
      `${path} is an unfinished copy. Finish it with hpc-observe copy, or name another file with --database.`,
    );
  if (!isNew && !isWhole && version < migrations.length)
    throw new OperatorError(
      `${path} is copied before it is migrated, and another program is reading it (a backup, Litestream, sqlite3). End that one and start again.`,
    );
  const copy = !isNew && version < migrations.length ? keepCopy(path, version) : undefined;
  // A migration may rebuild a table (https://sqlite.org/lang_altertable.html, section 7), and rows that refer
  // to it must not be deleted with the old one. The pragma has no effect inside a transaction.
  db.run('PRAGMA foreign_keys = OFF');
  for (let next = version; next < migrations.length; next++) {
    db.transaction(() => {
      const migration = migrations[next]!;
      if (typeof migration === 'string') db.run(migration);
      else migration(db);
      db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
      db.run(`PRAGMA user_version = ${next + 1}`);
    }).immediate();
  }
  db.run('PRAGMA foreign_keys = ON');
  if (copy) rewriteOnce(db);
  return copy && `migrated ${path} from version ${version} to ${migrations.length}; a copy is ${copy}`;
}

/** Moves the log into the file. Returns whether all of it is there: a program that reads may prevent that. */
function moveLog(db: Database): boolean {
  const moved = db.query<{ busy: number }, []>('PRAGMA wal_checkpoint(TRUNCATE)').get();
  return moved?.busy === 0;
}

/**
 * Copies under a temporary name first, so that no incomplete
 * copy has the final name. Returns the path of the copy.
 */
function keepCopy(path: string, version: number): string {
  const copy = `${path}.version-${version}`;
  try {
    copyFileSync(path, `${copy}.tmp`, constants.COPYFILE_FICLONE);
    renameSync(`${copy}.tmp`, copy);
  } catch (error) {
    rmSync(`${copy}.tmp`, { force: true });
    const { code = '', message } = error as NodeJS.ErrnoException;
    const reason = ['ENOSPC', 'EDQUOT'].includes(code) ? 'there is no space left' : message;
    throw new OperatorError(
      `${path} was not migrated, because it cannot be copied to ${copy} first: ${reason}. ` +
        `Free ${Math.ceil(statSync(path).size / 2 ** 20)} MiB and start again.`,
      { cause: error },
    );
  }
  return copy;
}
