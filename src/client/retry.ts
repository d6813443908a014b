import { ClientError } from './error.ts';

const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 10_000;
/** A server that asks for more is not waited for. */
const MAX_RETRY_AFTER_MS = 60_000;

export interface RetryOptions {
  /** Tries after the first one. */
  readonly retries: number;
  readonly signal?: AbortSignal | undefined;
  /** 0 to below 1. */
  readonly random: () => number;
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * Runs a request that may be repeated until it succeeds, fails for another reason than a missing answer or
 * `unavailable`, or has been retried `retries` times. A request that timed out is not retried, because its
 * server is overloaded already.
 */
export async function retry<Value>(
  run: () => Promise<Value>,
  { retries, signal, random, wait }: RetryOptions,
): Promise<Value> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const ms = attempt < retries ? waitBefore(attempt, error, random) : undefined;
      if (ms === undefined) throw error;
      await wait(ms, signal);
    }
  }
}

/** Returns how long to wait before the next try; undefined if there should be none. */
function waitBefore(attempt: number, error: unknown, random: () => number): number | undefined {
  if (!(error instanceof ClientError) || !isPassing(error)) return undefined;
  const { retryAfterMs = 0 } = error;
  if (retryAfterMs > MAX_RETRY_AFTER_MS) return undefined;
  // Spread over the whole span, so that a thousand agents do not come back at the same moment.
  return retryAfterMs + random() * Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
}

const isPassing = ({ code, cause }: ClientError): boolean =>
  code === 'unavailable' || (code === 'no_answer' && (cause as Error | undefined)?.name !== 'TimeoutError');

/** Reads a Retry-After header: seconds, or a date (RFC 9110, 10.2.3). */
export function readRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const timeMs = Date.parse(header);
  return Number.isNaN(timeMs) ? undefined : Math.max(0, timeMs - nowMs);
}

/** Waits; rejects with the reason of `signal` once that is aborted. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
