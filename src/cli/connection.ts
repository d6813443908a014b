import { readFileSync } from 'node:fs';
import type { Client } from '../client/client.ts';
import type { ClientError } from '../client/error.ts';
import type { ClientOptions } from '../client/transport.ts';
import { OperatorError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';
import { describeListener, type Listener, parseListener } from '../settings/listener.ts';
import type { Config, SettingKey } from '../settings/table.ts';

/** The settings of every command that talks to a service. */
export const CONNECTION_SETTINGS = [
  'server',
  'serverCa',
  'token',
  'listen',
  'host',
  'port',
  'tlsCert',
] as const satisfies readonly SettingKey[];
type Connection = Pick<Config, (typeof CONNECTION_SETTINGS)[number]>;
type Where = Pick<Config, 'server' | 'listen' | 'host' | 'port' | 'tlsCert'>;
export type Place = Pick<ClientOptions, 'url' | 'others' | 'unix' | 'tls'>;

const UNIX = 'unix:';
/** A person waits in front of the terminal. */
const TIMEOUT_MS = 30_000;

/**
 * Returns where the service is: --server, or else where a service with these settings listens on this
 * machine, at an address rather than at a socket, and without TLS rather than with it.
 */
export function locateService({ server, listen, host, port, tlsCert }: Where): Place {
  if (server !== null) return placeOf(server);
  const listeners = listen.map((text) => parseListener(text)!);
  const own =
    listeners.find((one) => one.kind === 'tcp' && one.isPlain) ??
    listeners.find(({ kind }) => kind === 'tcp') ??
    listeners[0] ??
    ({ kind: 'tcp', host, port } satisfies Listener);
  if (own.kind === 'unix') return placeOf(describeListener(own));
  // A service that listens on all addresses is reached on the loopback.
  const isAny = own.host === '0.0.0.0' || own.host === '::';
  const reached = isAny ? '127.0.0.1' : own.host;
  const address = describeListener({ ...own, host: reached });
  if (tlsCert === null || own.isPlain) return { url: `http://${address}` };
  // A certificate names the machine and not its loopback, where nobody comes between.
  const isLoopback = /^127\.|^(::1|localhost)$/.test(reached);
  return { url: `https://${address}`, ...(isLoopback && { tls: { rejectUnauthorized: false } }) };
}

function placeOf(server: string): Place {
  if (server.startsWith(UNIX)) return { url: 'http://localhost', unix: server.slice(UNIX.length) };
  const [url, ...others] = server.split(',');
  return { url: url!, ...(others.length > 0 && { others }) };
}

/** Describes where a service is, as --server takes it. */
export const describePlace = ({ url, others = [], unix }: Place): string =>
  unix === undefined ? [url, ...others].join(',') : `${UNIX}${unix}`;

interface AskOptions {
  /** Sent instead of the token of the settings. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Nothing answers where the service is expected. */
export class NoService extends OperatorError {}

/**
 * Asks the service that the settings name. Rejects with NoService if it does not answer, and with another
 * OperatorError, the service's own sentence, if it refuses.
 */
export async function askService<Value>(
  config: Connection,
  ask: (client: Client) => Promise<Value>,
  { headers }: AskOptions = {},
): Promise<Value> {
  // Imported here, so that the help of commands does not load the client and its schemas.
  const [{ Client: Talker }, { ClientError: Failure }, { tokenCredentials }] = await Promise.all([
    import('../client/client.ts'),
    import('../client/error.ts'),
    import('../client/credentials.ts'),
  ]);
  const place = { ...locateService(config), ...trustOf(config) };
  const proof = headers
    ? { headers }
    : config.token !== null && { credentials: tokenCredentials(config.token) };
  try {
    return await ask(new Talker({ ...place, ...proof, timeoutMs: TIMEOUT_MS, retries: 0 }));
  } catch (error) {
    throw error instanceof Failure ? explain(error, config) : error;
  }
}

/** Returns the error that the user of a command sees for one of the client. */
export function explainFailure(error: unknown, config: Where): unknown {
  return error instanceof Error && error.name === 'ClientError'
    ? explain(error as ClientError, config)
    : error;
}

const CHECK_PLACE =
  'Check the address in --server or HPC_OBSERVE_SERVER, and whether the service runs there.';
const NAME_PLACE =
  'Start it here (systemctl start hpc-observe), or name it with --server or HPC_OBSERVE_SERVER, such as ' +
  'http://head-node:8080.';

function explain(error: ClientError, config: Where): OperatorError {
  const { code, message, cause } = error;
  const advice = config.server === null ? NAME_PLACE : CHECK_PLACE;
  if (code !== 'no_answer') return new OperatorError(message, { cause: error });
  if (NOTHING_LISTENS.includes((cause as { code?: string } | undefined)?.code ?? ''))
    return new NoService(`No service answers at ${describePlace(locateService(config))}. ${advice}`, {
      cause: error,
    });
  // Such as a certificate for another name.
  return new OperatorError(`${message.replace(/[.?]+$/, '')}. ${advice}`, { cause: error });
}

/** The codes of `fetch` for an address and for a unix socket. */
const NOTHING_LISTENS: readonly string[] = ['ECONNREFUSED', 'ENOENT'];

/** Whom --server-ca names. OperatorError if it cannot be read. */
export function trustOf({ serverCa }: Pick<Connection, 'serverCa'>): Pick<Place, 'tls'> {
  if (serverCa === null) return {};
  try {
    return { tls: { ca: readFileSync(serverCa, 'utf8') } };
  } catch (cause) {
    throw new OperatorError(`${serverCa} cannot be read: ${explainSystemError(cause)}.`, { cause });
  }
}
