import { OperatorError } from '../../../domain/errors.ts';
import { COPY_STATE } from '../../copy/tables.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { type Client, type Queries, queriesOf } from '../sql/queries.ts';

const VERSIONS = `CREATE TABLE schema_version (
  version  integer PRIMARY KEY,
  migrated timestamptz NOT NULL DEFAULT now()
)`;
const HAS_VERSIONS =
  "SELECT to_regclass(quote_ident(current_schema()) || '.schema_version') IS NOT NULL AS found";
/** Two names that only databases of hpc-observe have together. */
const IS_FOREIGN = `SELECT EXISTS (SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE nspname = current_schema() AND relkind IN ('r', 'p') AND relname IN ('job', 'usage', 'log', 'event', 'label', 'session')) AS foreign_tables`;

/**
 * Migrates the database to the newest version, one transaction per migration. Returns a sentence about it;
 * undefined if there was nothing to migrate. Throws OperatorError for a database of a newer hpc-observe and
 * for a schema with tables of another program.
 */
export async function migrate(
  connection: Client,
  name: string,
  migrations: readonly string[] = MIGRATIONS,
): Promise<string | undefined> {
  const db = queriesOf(connection);
  const hasVersions = await hasVersionTable(db);
  if (!hasVersions && (await db.get<{ foreign_tables: boolean }>(IS_FOREIGN))!.foreign_tables)
    throw new OperatorError(
      `${name} has tables of another program. Name another database, or a schema of its own with ?search_path= in the address.`,
    );
  await refusePartCopy(db, name);
  // A role that may not create tables can serve a database that another one has migrated.
  if (!hasVersions) await connection.unsafe(VERSIONS);
  const version = hasVersions ? await readVersion(db) : 0;
  refuseNewer(version, name, migrations.length);
  for (let next = version; next < migrations.length; next++)
    await connection.unsafe(
      `BEGIN; SET LOCAL statement_timeout = 0; ${migrations[next]!}; INSERT INTO schema_version (version) VALUES (${next + 1}); COMMIT`,
    );
  return version === 0 || version === migrations.length
    ? undefined
    : `migrated ${name} from version ${version} to ${migrations.length}`;
}

async function refusePartCopy(db: Queries, name: string): Promise<void> {
  const table = 'SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1';
  if (await db.get(table, [COPY_STATE]))
    throw new OperatorError(
      `${name} is an unfinished copy. Finish it with hpc-observe copy, or name another database.`,
    );
}

function refuseNewer(version: number, name: string, known: number): void {
  if (version > known)
    throw new OperatorError(
      `${name} has version ${version}, and this hpc-observe knows versions up to ${known}. ` +
        `Start the newer hpc-observe that migrated it, or name another database with --database.`,
    );
}

/**
 * Returns whether another service has migrated the database to the version of this one. Throws OperatorError
 * for a database of a newer hpc-observe, and for an unfinished copy.
 */
export async function isMigrated(db: Queries, name: string): Promise<boolean> {
  await refusePartCopy(db, name);
  const version = await readVersion(db);
  refuseNewer(version, name, MIGRATIONS.length);
  return version === MIGRATIONS.length;
}

const hasVersionTable = async (db: Queries): Promise<boolean> =>
  (await db.get<{ found: boolean }>(HAS_VERSIONS))!.found;

/** Returns the version of a database; 0 if it has no tables yet. */
export async function readVersion(db: Queries): Promise<number> {
  if (!(await hasVersionTable(db))) return 0;
  const row = await db.get<{ version: number | null }>('SELECT max(version) AS version FROM schema_version');
  return row?.version ?? 0;
}
