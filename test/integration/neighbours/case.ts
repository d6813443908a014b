import { openConnection } from '../../help/connection.ts';
import type { Limits } from '../../help/neighbours.ts';

/** One use of an endpoint that could burden its neighbours. */
export interface Case {
  /** Method and pattern, as the routes have them. */
  readonly endpoint: string;
  /** What is sent or asked for. */
  readonly use: string;
  readonly limits?: Limits;
  /** Runs it against the service at `url`, and returns when it has been answered, refused or given up. */
  run(url: string): Promise<unknown>;
}

/** As many new connections: each takes a fifth of a millisecond before anything is asked. */
export const OF_500: Limits = { waitMs: 100 };

const JSON_TYPE = { 'content-type': 'application/json' };
/** Far beyond what any use should take: then it counts as a fault of its own. */
const TIMEOUT_MS = 60_000;

/**
 * Reads an answer to its end without keeping it. A 5xx
 * other than 503 is a fault, and so is an answer cut short.
 */
export async function drain(answer: Response): Promise<number> {
  if (answer.status >= 500 && answer.status !== 503)
    throw new Error(`${answer.url} was answered ${answer.status}: ${await answer.text()}`);
  for await (const _ of answer.body ?? []);
  return answer.status;
}

/** Asks for a path and reads the whole answer. */
export const get = async (url: string, path: string, headers: Record<string, string> = {}) =>
  drain(await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) }));

/** Sends a body of JSON, which may be anything else as well. */
export async function send(
  url: string,
  endpoint: string,
  body: string | Uint8Array<ArrayBuffer> | object,
  headers: Record<string, string> = {},
): Promise<number> {
  const [method, path] = endpoint.split(' ') as [string, string];
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { ...JSON_TYPE, ...headers },
    body: isRaw ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return drain(answer);
}

/** Runs the same use several times at once. */
export const atOnce = (count: number, run: (number: number) => Promise<unknown>) =>
  Promise.all(Array.from({ length: count }, (_, number) => run(number)));

/** Asks for a path, reads nothing of the answer for `holdMs`, and goes away. */
export async function askAndLeave(url: string, path: string, holdMs: number): Promise<void> {
  using connection = await openConnection(url, { isReading: false });
  connection.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await Bun.sleep(holdMs);
}

/** Sends the beginning of a request, and goes away. */
export async function sendAndLeave(url: string, text: string, holdMs: number): Promise<void> {
  using connection = await openConnection(url);
  connection.send(text);
  await Bun.sleep(holdMs);
}
