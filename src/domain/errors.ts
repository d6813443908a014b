/** The error codes of the API reference and of DESIGN's settlements; the HTTP status of each is in `http/errors.ts`. */
export type ErrorCode =
  | 'invalid_request'
  | 'validation_error'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'internal_error'
  | 'unavailable';

/**
 * An error a client may see. `message` is one clear sentence for a person; `cause` is for the log only.
 * Everything else that is thrown is a fault of ours and becomes `internal_error`.
 */
export class AppError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'AppError';
  }
}

/** A fault of the surroundings (a port, a folder, a file) that ends a command: shown as one line, no stack. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}

/** A command line or a setting that is not understood: shown as StartError is, with another exit code. */
export class UsageError extends StartError {}

/** Another process writes to the database. */
export class DatabaseInUse extends StartError {}

/** Returns a `validation_error`: one sentence that names what is wrong and what is allowed. */
export const invalid = (message: string) => new AppError('validation_error', message);

export const jobNotFound = (id: string) =>
  new AppError('not_found', `There is no job with the id ${quote(id)}.`);

export const runNotFound = (sluid: string) =>
  new AppError('not_found', `There is no run with the SLUID ${quote(sluid)} that samples can belong to.`);

/** A client's text inside a message: JSON quoting keeps odd characters visible, and long ones are cut. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
