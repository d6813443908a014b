import type { Database } from 'bun:sqlite';
import { constants, copyFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { StartError } from '../../../domain/errors.ts';
import { MIGRATIONS, type Migration } from '../migrations/index.ts';
import { APPLICATION_ID, damaged, readPragma } from './connection.ts';
import { rewriteOnce } from './vacuum.ts';

/**
 * Brings the database to the newest version, one transaction a migration. Before an existing database is changed, a
 * copy is kept beside it as `<path>.version-<N>`; returns a sentence about that, and undefined when there was nothing to
 * copy. Refuses a database of a newer hpc-observe, and one that is shorter than it says.
 */
export function migrate(
  db: Database,
  path: string,
  migrations: readonly Migration[] = MIGRATIONS,
): string | undefined {
  // Moves a crashed server's log into the file, so that size and pages can be compared and the copy is whole.
  db.run('PRAGMA wal_checkpoint(TRUNCATE)');
  const version = readPragma(db, 'user_version');
  const isNew = readPragma(db, 'application_id') !== APPLICATION_ID;
  if (version > migrations.length) {
    throw new StartError(
      `${path} has version ${version}, and this hpc-observe knows versions up to ${migrations.length}. ` +
        `Start the newer hpc-observe that wrote it, or give another file with --database.`,
    );
  }
  if (!isNew && statSync(path).size < readPragma(db, 'page_count') * readPragma(db, 'page_size'))
    throw damaged(path);
  const copy = !isNew && version < migrations.length ? keepCopy(path, version) : undefined;
  // A migration may make a table anew (https://sqlite.org/lang_altertable.html, section 7): what refers to the table must
  // not be deleted with the old one. This can only be said outside of a transaction.
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

/** Copies under a temporary name first, so that an interrupted copy is never taken for a whole one. Returns its path. */
function keepCopy(path: string, version: number): string {
  const copy = `${path}.version-${version}`;
  try {
    copyFileSync(path, `${copy}.tmp`, constants.COPYFILE_FICLONE);
    renameSync(`${copy}.tmp`, copy);
  } catch (error) {
    rmSync(`${copy}.tmp`, { force: true });
    const { code = '', message } = error as NodeJS.ErrnoException;
    const reason = ['ENOSPC', 'EDQUOT'].includes(code) ? 'there is no space left' : message;
    throw new StartError(
      `${path} was not migrated, because it cannot be copied to ${copy} first: ${reason}. ` +
        `It takes ${Math.ceil(statSync(path).size / 2 ** 20)} MiB; free them and start again.`,
      { cause: error },
    );
  }
  return copy;
}
