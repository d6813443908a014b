import type { Database } from 'bun:sqlite';
import { constants, copyFileSync, renameSync, statSync } from 'node:fs';
import { StartError } from '../../domain/errors.ts';
import { damaged } from './connection.ts';
import { MIGRATIONS } from './migrations/index.ts';

/** "hpob" in SQLite's header: tells our databases from those of other programs. */
const APPLICATION_ID = 0x68706f62;

/**
 * Brings the database to the newest version, one transaction a migration. Before an existing database is changed, a
 * copy is kept beside it as `<path>.version-<N>`. Refuses a database of another program, of a newer hpc-observe, and
 * one that is shorter than it says.
 */
export function migrate(db: Database, path: string, migrations: readonly string[] = MIGRATIONS): void {
  // Moves a crashed server's log into the file, so that size and pages can be compared and the copy is whole.
  db.run('PRAGMA wal_checkpoint(TRUNCATE)');
  const version = readPragma(db, 'user_version');
  const objects = db.query<{ n: number }, []>('SELECT count(*) AS n FROM sqlite_schema').get()?.n ?? 0;
  const isNew = version === 0 && objects === 0;
  if (!isNew && readPragma(db, 'application_id') !== APPLICATION_ID) {
    throw new StartError(`${path} is the database of another program. Give another file with --database.`);
  }
  if (version > migrations.length) {
    throw new StartError(
      `${path} has version ${version}, and this hpc-observe knows versions up to ${migrations.length}. ` +
        `Start the newer hpc-observe that wrote it, or give another file with --database.`,
    );
  }
  if (!isNew && statSync(path).size < readPragma(db, 'page_count') * readPragma(db, 'page_size'))
    throw damaged(path);
  if (!isNew && version < migrations.length) keepCopy(path, version);
  for (let next = version; next < migrations.length; next++) {
    db.transaction(() => {
      db.run(migrations[next]!);
      db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
      db.run(`PRAGMA user_version = ${next + 1}`);
    }).immediate();
  }
}

/** Copies under a temporary name first, so that an interrupted copy is never taken for a whole one. */
function keepCopy(path: string, version: number): void {
  const copy = `${path}.version-${version}`;
  copyFileSync(path, `${copy}.tmp`, constants.COPYFILE_FICLONE);
  renameSync(`${copy}.tmp`, copy);
}

function readPragma(
  db: Database,
  name: 'user_version' | 'application_id' | 'page_count' | 'page_size',
): number {
  return Number(Object.values(db.query(`PRAGMA ${name}`).get() as Record<string, number>)[0]);
}
