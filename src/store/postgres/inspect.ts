import { withoutPassword } from '../../domain/database-address.ts';
import { DatabaseInUse } from '../../domain/errors.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { openClient, requireServer } from './server/connect.ts';
import { explainOpenError } from './server/errors.ts';
import { tryLock } from './server/lock.ts';
import { migrate, readVersion } from './server/migrate.ts';
import { type Queries, queriesOf } from './sql/queries.ts';
import { WriterConnection } from './writer/connection.ts';

/** What a PostgreSQL database says of itself. */
interface Inspected {
  /** 0 if there are no tables yet. */
  readonly version: number;
  /** The version that this executable has. */
  readonly newest: number;
  /** Such as `15.18 (Debian 15.18-0+deb12u1)`. */
  readonly server: string;
  /** The server's settings that make a commit survive a power failure, where they are off. */
  readonly unsafe: readonly string[];
  /** Rights that this role lacks, such as `DELETE on job`; at most three are named. */
  readonly lacking: readonly string[];
  /** How far the clock of the server is ahead of the one here, and how long one question took. */
  readonly aheadMs: number;
  readonly answerMs: number;
}

const SETTINGS = `SELECT current_setting('server_version') AS server,
  array_remove(ARRAY[
    CASE WHEN current_setting('fsync') = 'off' THEN 'fsync' END,
    CASE WHEN current_setting('full_page_writes') = 'off' THEN 'full_page_writes' END], NULL)::text[] AS unsafe`;

const LACKING = `SELECT array(
  SELECT wanted || ' on ' || relname FROM pg_class
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wanted
   WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND relname <> 'schema_version'
     AND NOT has_table_privilege(pg_class.oid, wanted)
  UNION ALL
  SELECT 'USAGE on ' || relname FROM pg_class
   WHERE relnamespace = current_schema()::regnamespace
     AND CASE WHEN relkind = 'S' THEN NOT has_sequence_privilege(pg_class.oid, 'USAGE') END
  UNION ALL
  SELECT 'CREATE on the schema ' || current_schema()
   WHERE NOT EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = 'schema_version')
     AND NOT has_schema_privilege(current_schema(), 'CREATE')
  LIMIT 3)::text[] AS lacking`;

const CLOCK = 'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms';
const CLOCK_QUESTIONS = 3;

/** Compares the clock of the server with this one; the quickest of some answers tells the most. */
async function askClock(db: Queries): Promise<Pick<Inspected, 'aheadMs' | 'answerMs'>> {
  const answers = [];
  for (let question = 0; question < CLOCK_QUESTIONS; question++) {
    const [askedMs, startedMs] = [Date.now(), performance.now()];
    const { ms } = (await db.get<{ ms: number }>(CLOCK))!;
    const answerMs = performance.now() - startedMs;
    answers.push({ answerMs, aheadMs: ms - askedMs - answerMs / 2 });
  }
  return answers.sort((one, other) => one.answerMs - other.answerMs)[0]!;
}

/** Asks a database for its version while a service may have it open. Rejects with OperatorError. */
export async function inspectPostgres(address: string): Promise<Inspected> {
  const name = withoutPassword(address);
  const client = openClient(address, 1);
  try {
    const connection = await client.reserve();
    await requireServer(connection, name);
    const db = queriesOf(connection);
    const settings = (await db.get<Pick<Inspected, 'server' | 'unsafe'>>(SETTINGS))!;
    const version = await readVersion(db);
    const { lacking } = (await db.get<Pick<Inspected, 'lacking'>>(LACKING))!;
    const clock = await askClock(db);
    connection.release();
    return { ...settings, version, newest: MIGRATIONS.length, lacking, ...clock };
  } catch (error) {
    throw explainOpenError(name, error) ?? error;
  } finally {
    await client.close({ timeout: 0 });
  }
}

/**
 * Migrates a database that no service has open, and returns a sentence about it. Rejects with OperatorError.
 */
export async function upgradePostgres(address: string): Promise<string> {
  const name = withoutPassword(address);
  const connection = new WriterConnection(address, name);
  try {
    await connection.open();
    if (!(await tryLock(connection.db)))
      throw new DatabaseInUse(`${name} is used by a running hpc-observe. Stop it first.`);
    const before = await readVersion(connection.db);
    const sentence = await migrate(connection.current, name);
    if (before === 0) return `made the tables of version ${MIGRATIONS.length} in ${name}`;
    return sentence ?? `${name} has version ${before} already; there is nothing to migrate`;
  } catch (error) {
    throw explainOpenError(name, error) ?? error;
  } finally {
    await connection.close();
  }
}
