import { OperatorError } from '../../../domain/errors.ts';
import type { CopyTarget, LastNumbers, Row, Value } from '../../copy/side.ts';
import { COPIED_TABLES, COPY_STATE, type CopiedTable, SEEDED_TABLES } from '../../copy/tables.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { migrate } from '../server/migrate.ts';
import { queriesOf } from '../sql/queries.ts';
import { type CopyConnection, connectToCopy, isPartCopy } from './connection.ts';
import { copyReader, quoted, tableOf } from './read.ts';

/** Text that is handed to the connection at once. */
const PIECE_CHARACTERS = 65_536;
/** The name under which the indexes to be made are saved. */
const LATER = 'later';

/** Indexes that are no part of a key, with the statements that make them. */
const SELECT_INDEXES = `SELECT indexname::text AS name, indexdef AS sql FROM pg_indexes
  WHERE schemaname = current_schema() AND tablename <> '${COPY_STATE}'
    AND NOT EXISTS (SELECT 1 FROM pg_constraint
      WHERE conname = indexname AND connamespace = current_schema()::regnamespace)`;
const SELECT_IDENTITIES = `SELECT table_name::text AS "table", column_name::text AS "column"
  FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'`;

/**
 * Opens an empty PostgreSQL database, or one with an unfinished copy, to be filled. Rejects with
 * OperatorError if it has rows of a service.
 */
export async function openCopyTarget(address: string): Promise<CopyTarget> {
  const opened = await connectToCopy(address);
  try {
    if (!(await isPartCopy(opened.connection))) {
      await migrate(opened.connection, opened.name);
      await requireEmpty(opened);
      await makeBare(opened.connection);
    }
    return targetOf(opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function requireEmpty({ connection, name }: CopyConnection): Promise<void> {
  for (const table of COPIED_TABLES) {
    if (SEEDED_TABLES.includes(table.name)) continue;
    if (!(await queriesOf(connection).get(`SELECT 1 FROM ${tableOf(table)} LIMIT 1`))) continue;
    throw new OperatorError(
      `${name} is in use: its table ${table.postgres ?? table.name} has rows. Name an empty database, or a new schema with ?search_path=.`,
    );
  }
}

/** Makes a new database one without rows and indexes, which are saved to be made later. */
async function makeBare(connection: Bun.ReservedSQL): Promise<void> {
  const db = queriesOf(connection);
  await connection.unsafe('BEGIN');
  const later = await db.all<{ name: string; sql: string }>(SELECT_INDEXES);
  for (const { name } of later) await connection.unsafe(`DROP INDEX ${quoted(name)}`);
  await connection.unsafe(`TRUNCATE ${COPIED_TABLES.map(tableOf).join()}`);
  await connection.unsafe(`CREATE TABLE ${COPY_STATE} (name text PRIMARY KEY, value text NOT NULL)`);
  await db.change(`INSERT INTO ${COPY_STATE} VALUES ($1, $2)`, [LATER, JSON.stringify(later)]);
  await connection.unsafe('COMMIT');
}

function targetOf({ connection, name, close }: CopyConnection): CopyTarget {
  const db = queriesOf(connection);
  const load = async (of: string) =>
    (await db.get<{ value: string }>(`SELECT value FROM ${COPY_STATE} WHERE name = $1`, [of]))?.value;
  const save = async (of: string, value: string) =>
    void (await db.change(
      `INSERT INTO ${COPY_STATE} VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      [of, value],
    ));

  async function copyRows(table: CopiedTable, columns: readonly string[], rows: readonly Row[]) {
    const statement = `COPY ${tableOf(table)} (${columns.map(quoted).join()}) FROM STDIN`;
    const writer = connection.unsafe(statement).writable().getWriter();
    let text = '';
    for (const row of rows) {
      text += `${row.map(formatValue).join('\t')}\n`;
      if (text.length < PIECE_CHARACTERS) continue;
      await writer.write(text);
      text = '';
    }
    await writer.write(text);
    await writer.close();
  }

  return {
    ...copyReader(connection, { isCopy: true }),
    name,
    version: MIGRATIONS.length,
    startAnew: 'Empty the target (DROP SCHEMA … CASCADE, CREATE SCHEMA …)',
    load,
    save,
    close,

    async write(table, columns, rows, state): Promise<void> {
      await connection.unsafe('BEGIN');
      if (rows.length > 0) await copyRows(table, columns, rows);
      await save(table.name, state);
      await connection.unsafe('COMMIT');
    },

    async index(onProgress): Promise<void> {
      const later: { sql: string }[] = JSON.parse((await load(LATER))!);
      const tables = COPIED_TABLES.map(tableOf);
      for (const [at, { sql }] of later.entries()) {
        await connection.unsafe(sql.replace(/^CREATE( UNIQUE)? INDEX /, 'CREATE$1 INDEX IF NOT EXISTS '));
        onProgress((at + 1) / (later.length + tables.length));
      }
      // What the planner knows of the tables, and which pages index scans need not look at.
      for (const [at, table] of tables.entries()) {
        await connection.unsafe(`VACUUM (ANALYZE) ${table}`);
        onProgress((later.length + at + 1) / (later.length + tables.length));
      }
    },

    async finish(numbers: LastNumbers): Promise<void> {
      const identities = await db.all<{ table: string; column: string }>(SELECT_IDENTITIES);
      await connection.unsafe('BEGIN');
      for (const { table, column } of identities) {
        const last = (numbers as Record<string, number>)[table] ?? 0;
        const max = `greatest(${last}, (SELECT max(${quoted(column)}) FROM ${quoted(table)}))`;
        await setLast(`pg_get_serial_sequence('${quoted(table)}', '${column}')`, max);
      }
      await setLast("'job_seq'", `greatest(${numbers.job ?? 0}, (SELECT max(seq) FROM job))`);
      await connection.unsafe(`DROP TABLE ${COPY_STATE}`);
      await connection.unsafe('COMMIT');
    },
  };

  /** Makes the next number of a sequence one more than the last; 1 if there is none. */
  async function setLast(sequence: string, last: string): Promise<void> {
    await connection.unsafe(`SELECT setval(${sequence}, greatest(1, ${last}), ${last} > 0)`);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** Formats a value as COPY reads it (PostgreSQL's documentation of COPY, "Text Format"). */
export function formatValue(value: Value): string {
  if (value === null) return '\\N';
  if (typeof value === 'string') return value.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character]!);
  return typeof value === 'number' ? String(value) : `\\\\x${Buffer.from(value).toString('hex')}`;
}
