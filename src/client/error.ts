import type { ErrorCode } from '../domain/errors.ts';

/** `no_answer`: refused, broken off or timed out. `bad_answer`: something else than this service answered. */
export type ClientErrorCode = ErrorCode | 'no_answer' | 'bad_answer';

interface Details extends ErrorOptions {
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly writer?: string;
}

/**
 * The one error of the client. `code` and `message` are those of the service if it answered with an error.
 */
export class ClientError extends Error {
  /** The HTTP status; absent without an answer. */
  readonly status: number | undefined;
  /** How long the server asks to wait before the next try. */
  readonly retryAfterMs: number | undefined;
  /** Where the service is that writes, of a write to one that only reads its database. */
  readonly writer: string | undefined;

  constructor(
    readonly code: ClientErrorCode,
    message: string,
    { status, retryAfterMs, writer, ...options }: Details = {},
  ) {
    super(message, options);
    this.name = 'ClientError';
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.writer = writer;
  }
}
