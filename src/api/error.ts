import { Type } from '@sinclair/typebox';
import type { ErrorCode } from '../domain/errors.ts';
import { Choice, type Wire } from './field.ts';

/** The HTTP status of every error code. */
export const ERROR_STATUS = {
  invalid_request: 400,
  validation_error: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  misdirected_request: 421,
  too_many_requests: 429,
  internal_error: 500,
  unavailable: 503,
} as const satisfies Record<ErrorCode, number>;

/** Names the service that writes to the database, in answers of one that only reads it. */
export const WRITER_HEADER = 'hpc-observe-writer';

/** The errors of a write whose path names no job. */
export const WRITE_ERRORS = [
  'invalid_request',
  'validation_error',
  'payload_too_large',
  'unsupported_media_type',
  'unavailable',
] as const satisfies readonly ErrorCode[];

/** What each error code means, for the documentation. */
export const ERROR_MEANING: Record<ErrorCode, string> = {
  invalid_request: 'The body is not valid JSON or not valid UTF-8, or it ended too early.',
  validation_error: 'A field or a parameter has a value that is not allowed; the message names it.',
  unauthorized: 'The caller is unknown, or its credentials are not valid; the message says what to send.',
  forbidden: 'The caller is known, but its role does not allow this request.',
  not_found: 'There is no such job or token, or no such path.',
  method_not_allowed: 'The path exists, but not with this method; `Allow` lists the methods.',
  conflict: 'There is a job with this id or a token of this name already.',
  payload_too_large: 'The body has too many bytes or rows; send it in several requests.',
  unsupported_media_type:
    'The body is not `application/json` (or what the path takes), or has an unknown `Content-Encoding`.',
  misdirected_request: 'The `Host` is no name of the service; the message names the setting that adds it.',
  too_many_requests: 'Too many credentials from this address were refused; a valid one is accepted even so.',
  internal_error: 'The service failed; its log has the cause. Please report it as a bug.',
  unavailable: 'The service cannot store or read this right now; retry after `Retry-After` seconds.',
};

const CODES = Object.keys(ERROR_STATUS) as ErrorCode[];

const Message = Type.String({ description: 'One sentence that says what is wrong' });

export const ErrorAnswer = Type.Object(
  {
    error: Choice(CODES),
    message: Message,
    writer: Type.Optional(
      Type.String({
        description:
          'Of a write to a service that only reads the database: the address of the one that writes',
      }),
    ),
  },
  { $id: 'Error', additionalProperties: false },
);
export type ErrorAnswer = Wire<typeof ErrorAnswer>;

/**
 * Reads the error of an answer. One that is not an error of this API, as a proxy may send it, is judged by
 * its status.
 */
export function readError(
  status: number,
  body: unknown,
): { code: ErrorCode; message: string; writer?: string } {
  const { error, message, writer } = (body ?? {}) as Record<'error' | 'message' | 'writer', unknown>;
  return {
    code: CODES.find((code) => code === error) ?? codeOfStatus(status),
    message: typeof message === 'string' ? message : `The server answered with status ${status}.`,
    ...(typeof writer === 'string' && { writer }),
  };
}

function codeOfStatus(status: number): ErrorCode {
  // A proxy is busy, or its server is not there.
  if (status === 429 || status === 502 || status === 504) return 'unavailable';
  const code = CODES.find((one) => ERROR_STATUS[one] === status);
  if (code) return code;
  return status >= 500 ? 'internal_error' : 'invalid_request';
}
