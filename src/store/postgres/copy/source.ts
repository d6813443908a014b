import { OperatorError } from '../../../domain/errors.ts';
import type { CopySource, LastNumbers } from '../../copy/side.ts';
import { COPIED_TABLES } from '../../copy/tables.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { queriesOf } from '../sql/queries.ts';
import { type CopyConnection, connectToCopy, hasTable, isPartCopy } from './connection.ts';
import { copyReader, tableOf } from './read.ts';

/**
 * Opens a PostgreSQL database to be copied to a file, and keeps services from it until it is closed. Rejects
 * with OperatorError if a service uses it, or this executable does not know its tables.
 */
export async function openCopySource(address: string): Promise<CopySource> {
  const opened = await connectToCopy(address);
  try {
    await requireTables(opened);
    return sourceOf(opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function requireTables({ connection, name }: CopyConnection): Promise<void> {
  if (!(await hasTable(connection, 'schema_version')))
    throw new OperatorError(`${name} has no tables of hpc-observe. Name its schema with ?search_path=.`);
  if (await isPartCopy(connection))
    throw new OperatorError(`${name} is an unfinished copy. Finish it first.`);
  const row = await queriesOf(connection).get<{ version: number }>(
    'SELECT max(version) AS version FROM schema_version',
  );
  if (row!.version !== MIGRATIONS.length)
    throw new OperatorError(
      `${name} has version ${row!.version}, and this hpc-observe copies version ${MIGRATIONS.length}. ` +
        'Start its service once, which migrates it, and stop it again.',
    );
}

function sourceOf({ connection, name, close }: CopyConnection): CopySource {
  const db = queriesOf(connection);
  const lastOf = async (sequence: string): Promise<number | undefined> => {
    const row = await db.get<{ last: number | null }>(
      `SELECT pg_sequence_last_value(${sequence}) AS last WHERE ${sequence} IS NOT NULL`,
    );
    return row?.last ?? undefined;
  };
  const identity = (table: string, column: string) =>
    `pg_get_serial_sequence('${table}', '${column}')::regclass`;

  return {
    ...copyReader(connection, { isCopy: false }),
    name,
    close,

    /** Every row says which transaction wrote it. */
    async fingerprint(): Promise<string> {
      const newest: number[] = [];
      for (const table of COPIED_TABLES) {
        const row = await db.get<{ newest: number | null }>(
          `SELECT max(xmin::text::bigint) AS newest FROM ${tableOf(table)}`,
        );
        newest.push(row?.newest ?? 0);
      }
      return `version ${MIGRATIONS.length}, transactions ${newest.join()}`;
    },

    async lastNumbers(): Promise<LastNumbers> {
      const [job, audit, notice] = [
        await lastOf("to_regclass('job_seq')"),
        await lastOf(identity('audit', 'number')),
        await lastOf(identity('notice', 'number')),
      ];
      return {
        ...(job !== undefined && { job }),
        ...(audit !== undefined && { audit }),
        ...(notice !== undefined && { notice }),
      };
    },
  };
}
