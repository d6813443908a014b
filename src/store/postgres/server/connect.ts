import { readFileSync } from 'node:fs';
import { SQL } from 'bun';
import { OperatorError } from '../../../domain/errors.ts';
import { type Client, queriesOf } from '../sql/queries.ts';

/** The oldest server whose SQL is used. */
const MIN_VERSION = 150_000;
const CONNECT_SECONDS = 10;

const SERVER = `SELECT current_setting('server_version_num')::int AS version,
  current_setting('server_version') AS text, current_setting('server_encoding') AS encoding`;

/** TLS as the address asks for it: `sslmode` is the client's own, and `sslrootcert` names an authority. */
function connectionOf(address: string): { readonly url: string; readonly tls?: { readonly ca: string } } {
  const url = new URL(address);
  const authority = url.searchParams.get('sslrootcert');
  if (authority === null) return { url: address };
  url.searchParams.delete('sslrootcert');
  return { url: url.href, tls: { ca: readAuthority(authority) } };
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new OperatorError(
      `The file ${path} of sslrootcert in the address of the database cannot be read.`,
      {
        cause,
      },
    );
  }
}

/**
 * Opens a client of at most `max` connections, which are closed when they were idle for `idleSeconds`; 0
 * never closes them. `isPooled`: each transaction may meet another session of the server, so that no
 * statement can be prepared in one and used in another. Nothing is connected until the first statement.
 */
export function openClient(address: string, max: number, idleSeconds = 0, isPooled = false): SQL {
  const { url, tls } = connectionOf(address);
  return new SQL(url, {
    max,
    bigint: true,
    prepare: !isPooled,
    connectionTimeout: CONNECT_SECONDS,
    idleTimeout: idleSeconds,
    ...(tls && { tls }),
  });
}

/** Takes a connection out of a client. The caller releases it. */
export const reserve = (client: SQL): Promise<Bun.ReservedSQL> => client.reserve();

/** Throws OperatorError if the server is too old or its encoding does not store every name. */
export async function requireServer(connection: Client, name: string): Promise<void> {
  const { version, text, encoding } = (await queriesOf(connection).get<{
    version: number;
    text: string;
    encoding: string;
  }>(SERVER))!;
  if (version < MIN_VERSION)
    throw new OperatorError(`${name} is PostgreSQL ${text}; hpc-observe needs version 15 or newer.`);
  if (encoding !== 'UTF8')
    throw new OperatorError(
      `${name} has the encoding ${encoding}. Create a database with createdb --encoding=UTF8 --template=template0.`,
    );
}

/** A name that needs no quotes in SQL. */
const PLAIN_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * Creates the schema that `search_path` of an address names, if there is none. Throws OperatorError if the
 * connection has no schema for its tables.
 */
export async function requireSchema(connection: Client, address: string, name: string): Promise<void> {
  const db = queriesOf(connection);
  const hasSchema = async () =>
    (await db.get<{ schema: string | null }>('SELECT current_schema() AS schema'))?.schema != null;
  if (await hasSchema()) return;
  const wanted = new URL(address).searchParams.get('search_path') ?? '';
  if (PLAIN_NAME.test(wanted)) await db.change(`CREATE SCHEMA IF NOT EXISTS ${wanted}`);
  if (!(await hasSchema()))
    throw new OperatorError(
      `${name} has no schema for its tables. Create one, or name one with ?search_path= in the address.`,
    );
}
