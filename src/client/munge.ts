import { MUNGE_FOLDERS, mungePayload } from '../domain/munge.ts';
import { readProgram } from '../program.ts';
import { Client } from './client.ts';
import type { Credentials } from './credentials.ts';
import { ClientError } from './error.ts';
import type { ClientOptions } from './transport.ts';

/** munge takes 11 ms; it waits for munged. */
const TIMEOUT_MS = 10_000;
/** A credential of ours has about 220 characters. */
const MAX_CHARACTERS = 4096;

/** Another service may do better. */
const PASSING: readonly string[] = ['unavailable', 'no_answer'];

/** Returns a credential with a payload, which proves the user of this process. */
export type Encode = (payload: string) => Promise<string>;

interface EncoderOptions {
  /** The socket of munged; by default the one that munge was built for. */
  readonly socket?: string | undefined;
  readonly folders?: readonly string[];
}

/** Returns a function that makes credentials with the program munge; undefined if it is not installed. */
export function mungeEncoder({ socket, folders = MUNGE_FOLDERS }: EncoderOptions = {}): Encode | undefined {
  const file = Bun.which('munge', { PATH: folders.join(':') });
  if (file === null) return undefined;
  return async (payload) => {
    const command = [
      file,
      ...(socket === undefined ? [] : ['--socket', socket]),
      '--string',
      payload,
    ] as const;
    const call = { env: { LC_ALL: 'C' }, timeoutMs: TIMEOUT_MS, maxCharacters: MAX_CHARACTERS };
    return (await readProgram(command, call)).trim();
  };
}

/** Returns the value of an Authorization header that proves the user of this process, for one request. */
export async function mungeAuthorization(
  { url }: Pick<ClientOptions, 'url'>,
  cluster: string,
  encode: Encode,
): Promise<string> {
  // With the host, so that a service that receives it by mistake cannot show it to another one.
  return `Munge ${await encode(mungePayload(cluster, new URL(url).host))}`;
}

/**
 * Exchanges MUNGE credentials for sessions: one at the first request, and another when the service refuses
 * the session. Rejects with ClientError when the service refuses the credential, and with OperatorError when
 * munge fails.
 */
export function mungeCredentials(options: ClientOptions, encode: Encode): Credentials {
  let session: Promise<string> | undefined;
  let shown: string | undefined;

  /** Asks one service after the other: a credential is for one, a session for all that share a database. */
  async function exchange(): Promise<string> {
    const { others = [], ...first } = options;
    let failure: unknown;
    for (const url of [first.url, ...others]) {
      try {
        return await exchangeAt({ ...first, url });
      } catch (error) {
        failure ??= error;
        if (!(error instanceof ClientError) || !PASSING.includes(error.code)) throw error;
      }
    }
    throw failure;
  }

  async function exchangeAt(options: ClientOptions): Promise<string> {
    const { cluster } = await new Client(options).whoami();
    if (cluster === undefined)
      throw new ClientError('unavailable', 'The service does not know the name of its cluster yet.');
    const authorization = await mungeAuthorization(options, cluster, encode);
    const headers = { ...options.headers, authorization };
    // A credential is good once: it is not sent again.
    const { secret } = await new Client({ ...options, headers, retries: 0 }).startSession();
    return `Bearer ${secret}`;
  }

  return {
    async show() {
      session ??= exchange();
      const mine = session;
      try {
        shown = await mine;
        return shown;
      } catch (error) {
        if (session === mine) session = undefined;
        throw error;
      }
    },
    renew(refused) {
      // Other requests may have renewed it, or be about to.
      if (refused === shown) {
        shown = undefined;
        session = undefined;
      }
      return true;
    },
  };
}
