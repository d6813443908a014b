import type { Database } from 'bun:sqlite';
import { existsSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { OperatorError } from '../../../domain/errors.ts';
import type { CopyTarget, LastNumbers, Row, Value } from '../../copy/side.ts';
import { COPIED_TABLES, COPY_STATE, type CopiedTable } from '../../copy/tables.ts';
import { flush } from '../care/copy.ts';
import { explainOpenError, openForWriting } from '../file/connection.ts';
import { migrate } from '../file/migrate.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { bulkInserter } from '../sql/insert.ts';
import { logRowWriter } from './log-rows.ts';
import { copyReader, tableColumns } from './read.ts';
import { isPartCopy, lockToCopy } from './source.ts';

/** Indexes are made of whole tables. */
const CACHE_BYTES = 256_000_000;
/** The name under which the indexes and triggers to be made are saved. */
const LATER = 'later';

/** A statement that makes an index or a trigger. */
interface Later {
  readonly name: string;
  readonly sql: string;
}

/**
 * Opens `<path>.copying`, which becomes the file when the copy is complete. Throws OperatorError if the file
 * exists already.
 */
export function openCopyTarget(path: string): CopyTarget {
  if (existsSync(path)) throw new OperatorError(`${path} exists. Name another file, or move it away.`);
  if (!existsSync(dirname(path))) throw new OperatorError(`The folder ${dirname(path)} does not exist.`);
  const partial = `${path}.copying`;
  const lock = lockToCopy(partial);
  try {
    const db = openForWriting(lock.path, CACHE_BYTES);
    if (!isPartCopy(db)) {
      migrate(db, lock.path);
      makeBare(db);
    }
    // Tables are complete only in the end.
    db.run('PRAGMA foreign_keys = OFF');
    return targetOf(db, { path, partial: lock.path, release: lock.release });
  } catch (error) {
    lock.release();
    throw explainOpenError(partial, error) ?? error;
  }
}

/** Makes a new database one without rows, indexes and triggers, which are saved to be made later. */
function makeBare(db: Database): void {
  db.transaction(() => {
    const later = db
      .query<Later & { type: string }, []>(
        "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
      )
      .all();
    for (const { type, name } of later) db.run(`DROP ${type} "${name}"`);
    for (const { name } of COPIED_TABLES) if (name !== 'counter') db.run(`DELETE FROM "${name}"`);
    db.run(`CREATE TABLE ${COPY_STATE} (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`);
    db.query(`INSERT INTO ${COPY_STATE} VALUES (?, ?)`).run(LATER, JSON.stringify(later));
  }).immediate();
}

interface Files {
  readonly path: string;
  readonly partial: string;
  readonly release: () => void;
}

function targetOf(db: Database, { path, partial, release }: Files): CopyTarget {
  const select = db.query<{ value: string }, [string]>(`SELECT value FROM ${COPY_STATE} WHERE name = ?`);
  const replace = db.query(`INSERT OR REPLACE INTO ${COPY_STATE} (name, value) VALUES (?, ?)`);
  const load = (name: string): string | undefined => select.get(name)?.value;
  const inserters = new Map<string, (rows: readonly Row[]) => void>();
  const writeLog = logRowWriter(db);

  /** Returns a function that inserts rows with these columns, except those that derive from others. */
  function inserter(table: string, columns: readonly string[], given: readonly string[]) {
    const places = given.map((column) => columns.indexOf(column));
    const insert = bulkInserter(
      db,
      `INSERT INTO "${table}" (${given.map((column) => `"${column}"`).join()})`,
      given.length,
      // The counters that a new database has.
      table === 'counter' ? 'ON CONFLICT (name) DO UPDATE SET value = excluded.value' : '',
    );
    return (rows: readonly Row[]): void =>
      insert(rows.flatMap((row) => places.map((place): Value => row[place]!)));
  }

  function open({ name }: CopiedTable, columns: readonly string[]): (rows: readonly Row[]) => void {
    if (name === 'log') return (rows) => writeLog(rows, columns);
    const stored = new Set(tableColumns(db, name, 'stored'));
    const insert = inserter(
      name,
      columns,
      columns.filter((column) => stored.has(column)),
    );
    if (name !== 'chunk') return insert;
    const insertPoints = inserter('chunk_point', ['chunk', 'points'], ['chunk', 'points']);
    const [seq, points] = [columns.indexOf('seq'), columns.indexOf('points')];
    return (rows) => {
      insert(rows);
      insertPoints(rows.filter((row) => row[points] !== null).map((row) => [row[seq]!, row[points]!]));
    };
  }

  return {
    ...copyReader(db),
    name: path,
    version: MIGRATIONS.length,
    startAnew: `Delete ${partial}`,
    load: async (name) => load(name),
    save: async (name, value) => void replace.run(name, value),

    async write(table, columns, rows, state): Promise<void> {
      const insert = inserters.get(table.name) ?? open(table, columns);
      inserters.set(table.name, insert);
      db.transaction(() => {
        insert(rows);
        replace.run(table.name, state);
      }).immediate();
      // A signal or a drawing of the progress has its turn.
      await Bun.sleep(0);
    },

    async index(onProgress): Promise<void> {
      const later: Later[] = JSON.parse(load(LATER)!);
      const exists = db.query('SELECT 1 FROM sqlite_schema WHERE name = ?');
      for (const [at, { name, sql }] of later.entries()) {
        if (!exists.get(name)) db.run(sql);
        onProgress((at + 1) / later.length);
        await Bun.sleep(0);
      }
    },

    async finish(numbers: LastNumbers): Promise<void> {
      const removeNumber = db.query('DELETE FROM sqlite_sequence WHERE name = ?');
      const setNumber = db.query('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)');
      db.transaction(() => {
        for (const [name, number] of Object.entries(numbers)) {
          removeNumber.run(name);
          setNumber.run(name, number);
        }
        db.run(`DROP TABLE ${COPY_STATE}`);
      }).immediate();
      db.run('PRAGMA wal_checkpoint(TRUNCATE)');
      db.close();
      await flush(partial);
      renameSync(partial, path);
      await flush(dirname(path));
    },

    async close(): Promise<void> {
      db.close();
      release();
    },
  };
}
