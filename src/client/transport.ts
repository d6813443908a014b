import { readError } from '../api/error.ts';
import { MEDIA_TYPE } from '../api/media-type.ts';
import { type Operation, pathFor, type Query } from '../api/operation.ts';
import { readAnswerText } from './answer-text.ts';
import type { Credentials } from './credentials.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { ClientError } from './error.ts';
import { type Places, placesOf } from './places.ts';
import { type RetryOptions, readRetryAfter, retry, wait } from './retry.ts';

export interface ClientOptions {
  /** Where the service is, such as http://head-node:8080; a path is put before every path of the API. */
  readonly url: string;
  /** Where other services on the same database are, for when this one does not answer, or only reads. */
  readonly others?: readonly string[];
  /** Path of a unix socket to connect to instead of the host of `url`. */
  readonly unix?: string;
  /** Whose certificates are trusted at an https URL, if others than this machine's authorities. */
  readonly tls?: { readonly ca?: string; readonly rejectUnauthorized?: boolean };
  /** Sent with every request, such as the credentials for a proxy. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Shows the service who sends the requests. */
  readonly credentials?: Credentials;
  /** For one try of a request, and between two pieces of a stream. */
  readonly timeoutMs?: number;
  /** Tries after the first one, of requests that may be repeated. */
  readonly retries?: number;
  /** The most bytes of an answer that is read as a whole; by default any number. */
  readonly maxAnswerBytes?: number;
  /** Called with the times of each answer whose Date header can be read; milliseconds since 1970. */
  readonly onAnswer?: (times: AnswerTimes) => void;
}

/** When a request was sent and answered by this clock, and the Date of the answer by the server's. */
export interface AnswerTimes {
  readonly sentMs: number;
  readonly receivedMs: number;
  readonly serverMs: number;
}

/** Options of one call. */
export interface CallOptions extends Pick<ClientOptions, 'timeoutMs' | 'retries'> {
  /** Ends the call, which rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** What of the surroundings a test replaces. */
export type Surroundings = Pick<RetryOptions, 'random' | 'wait'>;

export interface Message {
  readonly operation: Operation;
  /** The parameter of the path: the id of a job, or the name of a token. */
  readonly subject?: string;
  /** Query and body may throw, for example RangeError for a time that no date can hold. */
  readonly query?: () => Query;
  readonly body?: () => unknown;
  /** A body that was written before, as JSON compressed with zstd, instead of `body`. */
  readonly packed?: Uint8Array<ArrayBuffer>;
  readonly accept?: string;
  /** Whether every row of the body has a timestamp. */
  readonly isTimestamped?: boolean;
  /** Called before each try. */
  readonly onTry?: () => void;
}

/** What every try of a message sends. */
interface BuiltRequest {
  /** Path and query. */
  readonly target: string;
  readonly init: BunFetchRequestInit;
  readonly answers: Operation['answers'];
}

const TIMEOUT_MS = 30_000;
const RETRIES = 4;
const UNAUTHORIZED = 401;
/** A refusal is one sentence; a proxy may send a page. */
const MAX_REFUSAL_LENGTH = 64 * 1024;

/**
 * Sends requests and retries those that may be repeated. Every failure is a ClientError, or the reason of the
 * signal.
 */
export class Transport {
  readonly #options: ClientOptions;
  readonly #surroundings: Surroundings;
  readonly #places: Places;

  constructor(options: ClientOptions, surroundings: Surroundings = { random: Math.random, wait }) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#places = placesOf([options.url, ...(options.others ?? [])]);
  }

  /** The URL of the service that is asked next. */
  get url(): string {
    return this.#places.current();
  }

  /** Sends a message and returns what `read` makes of the answer, if its operation declares the status. */
  async send<Value>(
    message: Message,
    call: CallOptions,
    read: (response: Response) => Promise<Value>,
  ): Promise<Value> {
    const request = this.#requestOf(message);
    return this.#retry(message, call, async (deadline) => {
      const value = await read(await this.#fetch(request, deadline));
      deadline.pause();
      return value;
    });
  }

  /** Reads the whole text of an answer; `bad_answer` if it exceeds the bounds of this client. */
  readText(response: Response): Promise<string> {
    const { maxAnswerBytes } = this.#options;
    return maxAnswerBytes === undefined ? response.text() : readAnswerText(response, maxAnswerBytes);
  }

  /** Sends a message and yields the body of the answer piece by piece. Only the start is retried. */
  async *open(message: Message, call: CallOptions): AsyncGenerator<Uint8Array> {
    const request = this.#requestOf(message);
    const { response, deadline } = await this.#retry(message, call, async (deadline) => ({
      response: await this.#fetch(request, deadline),
      deadline,
    }));
    try {
      for await (const piece of response.body ?? []) {
        // The time that the caller takes for a piece does not count.
        deadline.pause();
        yield piece;
        deadline.start();
      }
    } catch (error) {
      throw this.#explain(error, deadline, call.signal);
    } finally {
      deadline.pause();
    }
  }

  #retry<Value>(
    { operation: { repeatable }, isTimestamped, onTry }: Message,
    {
      signal,
      retries = this.#options.retries ?? RETRIES,
      timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS,
    }: CallOptions,
    run: (deadline: Deadline) => Promise<Value>,
  ): Promise<Value> {
    const isRepeatable = repeatable === 'always' || (repeatable === 'timestamped' && isTimestamped === true);
    const attempt = async () => {
      signal?.throwIfAborted();
      onTry?.();
      const deadline = startDeadline(timeoutMs, signal);
      try {
        return await run(deadline);
      } catch (error) {
        deadline.pause();
        throw this.#explain(error, deadline, signal);
      }
    };
    return retry(attempt, { ...this.#surroundings, retries: isRepeatable ? retries : 0, signal });
  }

  /** Builds a request once for all tries; `validation_error` if a value cannot be written. */
  #requestOf(message: Message): BuiltRequest {
    try {
      return {
        target: this.#targetOf(message),
        init: this.#init(message),
        answers: message.operation.answers,
      };
    } catch (cause) {
      const reason = (cause as Error).message.replace(/\.$/, '');
      throw new ClientError('validation_error', `The request cannot be written: ${reason}.`, { cause });
    }
  }

  /** Sends a request to the service that answered last, or to another one that may do better. */
  async #fetch({ target, init, answers }: BuiltRequest, deadline: Deadline): Promise<Response> {
    for (let tries = 1; ; tries++) {
      const base = this.url;
      try {
        const response = await this.#fetchAs(`${base}${target}`, { ...init, signal: deadline.signal });
        if (response.status in answers) return response;
        throw await this.#refusal(response);
      } catch (error) {
        if (!this.#places.leave(base, error) || tries === this.#places.count)
          throw explainFailure(error, deadline, base);
      }
    }
  }

  /** Sends a request with credentials, and once more if the service refuses them and there are others. */
  async #fetchAs(url: string, init: BunFetchRequestInit): Promise<Response> {
    const { credentials } = this.#options;
    if (!credentials) return this.#fetchTimed(url, init);
    const send = (authorization: string) =>
      this.#fetchTimed(url, {
        ...init,
        headers: { ...(init.headers as Record<string, string>), authorization },
      });
    const shown = await credentials.show();
    const response = await send(shown);
    if (response.status !== UNAUTHORIZED || !credentials.renew(shown)) return response;
    await response.body?.cancel();
    return send(await credentials.show());
  }

  async #fetchTimed(url: string, init: BunFetchRequestInit): Promise<Response> {
    const { onAnswer } = this.#options;
    const sentMs = Date.now();
    const response = await fetch(url, init);
    const serverMs = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(serverMs)) onAnswer?.({ sentMs, receivedMs: Date.now(), serverMs });
    return response;
  }

  #targetOf({ operation, subject, query }: Message): string {
    const parameters = new URLSearchParams();
    for (const [name, values] of Object.entries(query?.() ?? {})) {
      if (values === undefined) continue;
      const list = typeof values === 'string' ? [values] : values;
      // Left out, an empty list would match every job; the service refuses an empty value.
      for (const value of list.length > 0 ? list : ['']) parameters.append(name, value);
    }
    const path = subject === undefined ? operation.path : pathFor(operation.path, subject);
    return `${path}${parameters.size > 0 ? `?${parameters}` : ''}`;
  }

  #init({ operation, body, packed, accept = MEDIA_TYPE.json }: Message): BunFetchRequestInit {
    const { headers, unix, tls } = this.#options;
    return {
      method: operation.method,
      redirect: 'manual',
      headers: {
        ...headers,
        accept,
        ...((body ?? packed) !== undefined && { 'content-type': MEDIA_TYPE.json }),
        ...(packed !== undefined && { 'content-encoding': 'zstd' }),
      },
      ...((body ?? packed) !== undefined && { body: packed ?? JSON.stringify(body!()) }),
      ...(unix !== undefined && { unix }),
      ...(tls !== undefined && { tls }),
    };
  }

  async #refusal(response: Response): Promise<ClientError> {
    const { status, headers } = response;
    const text = await readBeginning(response);
    if (status < 400) {
      return new ClientError('bad_answer', `${this.url} answered with an unexpected status ${status}.`, {
        status,
      });
    }
    const { code, message, writer } = readError(status, parse(text));
    const retryAfterMs = readRetryAfter(headers.get('retry-after'), Date.now());
    return new ClientError(code, message, {
      status,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(writer !== undefined && { writer }),
    });
  }

  /** Returns the error that a caller sees for a failure of a request. */
  #explain(error: unknown, deadline: Deadline, caller: AbortSignal | undefined): unknown {
    return caller?.aborted ? caller.reason : explainFailure(error, deadline, this.url);
  }
}

/** Returns the ClientError for a failure of a request to the service at `base`. */
function explainFailure(error: unknown, { signal }: Deadline, base: string): ClientError {
  if (error instanceof ClientError) return error;
  const cause = signal.aborted ? signal.reason : error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ClientError('no_answer', `${base} did not answer: ${reason}`, { cause });
}

/** Reads the body of a refusal up to about its allowed length, and cancels the rest. */
async function readBeginning(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > MAX_REFUSAL_LENGTH) break;
  }
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
