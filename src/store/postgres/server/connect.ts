import { SQL } from 'bun';
import { OperatorError } from '../../../domain/errors.ts';
import { queriesOf } from '../sql/queries.ts';

/** The oldest server whose SQL is used. */
const MIN_VERSION = 150_000;
const CONNECT_SECONDS = 10;

/**
 * Opens a client of at most `max` connections, which are closed when they were idle for `idleSeconds`; 0
 * never closes them. Nothing is connected until the first statement.
 */
export const openClient = (address: string, max: number, idleSeconds = 0): SQL =>
  new SQL(address, { max, bigint: true, connectionTimeout: CONNECT_SECONDS, idleTimeout: idleSeconds });

/** Takes a connection out of a client. The caller releases it. */
export const reserve = (client: SQL): Promise<Bun.ReservedSQL> => client.reserve();

/** Throws OperatorError if the server is too old or its encoding does not store every name. */
export async function requireServer(connection: Bun.ReservedSQL, name: string): Promise<void> {
  const { version, text, encoding } = (await queriesOf(connection).get<{
    version: number;
    text: string;
    encoding: string;
  }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS text,
            current_setting('server_encoding') AS encoding`,
  ))!;
  if (version < MIN_VERSION)
    throw new OperatorError(`${name} is PostgreSQL ${text}; hpc-observe needs version 15 or newer.`);
  if (encoding !== 'UTF8')
    throw new OperatorError(
      `${name} has the encoding ${encoding}. Create a database with createdb --encoding=UTF8 --template=template0.`,
    );
}
