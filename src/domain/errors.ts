/** The error codes of the API. `api/error.ts` has the HTTP status of each. */
export type ErrorCode =
  | 'invalid_request'
  | 'validation_error'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'misdirected_request'
  | 'too_many_requests'
  | 'internal_error'
  | 'unavailable';

/**
 * An error that clients may see: `message` is one sentence, `cause` is for the log only. Any other error that
 * is thrown is a bug and becomes `internal_error`.
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

/**
 * An error that the operator can fix (a port, a folder, a file, a program): shown as one line without a
 * stack.
 */
export class OperatorError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OperatorError';
  }
}

/** A wrong command line or setting: shown as one line too, with another exit code. */
export class UsageError extends OperatorError {}

/** The database is locked by another process. */
export class DatabaseInUse extends OperatorError {}

/** Returns a `validation_error`: one sentence that names what is wrong and what is allowed. */
export const invalid = (message: string) => new AppError('validation_error', message);

/** Why a credential was refused. */
export const REFUSAL_REASONS = [
  'token_unknown',
  'token_expired',
  'token_malformed',
  'token_misplaced',
  'munge_refused',
  'session_ended',
  'link_used',
  'proxy_refused',
  'sign_in_refused',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** A credential that is not valid. */
export class CredentialRefused extends AppError {
  constructor(
    /** For /metrics and the log. */
    readonly reason: RefusalReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super('unauthorized', message, options);
  }
}

/** Refuses a credential; the message must not repeat it. */
export const refuseCredential = (reason: RefusalReason, message: string, cause?: unknown) =>
  new CredentialRefused(reason, message, { cause });

/** Refuses a request for now. */
export class TooManyRequests extends AppError {
  constructor(
    readonly retryAfterSeconds: number,
    message: string,
  ) {
    super('too_many_requests', message);
  }
}

/** Refuses a caller who is unknown, or whose credentials are not valid. */
export const unauthorized = (message: string, cause?: unknown) =>
  new AppError('unauthorized', message, { cause });

export const jobNotFound = (id: string) =>
  new AppError('not_found', `There is no job with the id ${quote(id)}.`);

export const nodeNotFound = (node: string) =>
  new AppError('not_found', `Nothing is known of a node ${quote(node)}.`);

export const userNotFound = (user: string) =>
  new AppError('not_found', `There is no user named ${quote(user)} with jobs.`);

export const accountNotFound = (account: string) =>
  new AppError('not_found', `There is no account named ${quote(account)} with jobs.`);

/** Refuses sums by node to those who see some jobs only. */
export const nodesNotSeen = () =>
  new AppError(
    'forbidden',
    'Sums by node are of all jobs, which you may not see; group by user, account or partition.',
  );

export const arrayNotFound = (id: string) =>
  new AppError('not_found', `There is no array with the id ${quote(id)}.`);

export const runNotFound = (sluid: string) =>
  new AppError('not_found', `There is no run with the SLUID ${quote(sluid)} that samples can belong to.`);

/**
 * Rejects a write that was not stored. `cause`, the error of the disk or what became of the file, is for the
 * log.
 */
export const writeNotStored = (cause: string) =>
  unavailable(
    'The write could not be stored: the disk is full or fails, or the database is no longer in its place. ' +
      'Try again later.',
    new OperatorError(cause),
  );

/** Rejects a write whose outcome is unknown, and every later write. */
export const storeFailed = (cause: Error) =>
  unavailable(
    'The store has failed. This write may or may not have been stored; send it again when the service is back.',
    cause,
  );

/** Refuses a write that another service must store. */
export class WriterElsewhere extends AppError {
  constructor(
    /** Where that service is; undefined if it has not said. */
    readonly url: string | undefined,
  ) {
    super(
      'unavailable',
      url === undefined
        ? 'This service only reads the database; another one writes, or takes over in some seconds. Try again later.'
        : `This service only reads the database; send this to ${url}, which writes.`,
    );
  }
}

export const tooManyWrites = () =>
  unavailable('Too many writes are waiting for the disk. Try again in a second.');

export const tooManyUnsealed = (unsealed: number) =>
  unavailable(
    `Samples arrive faster than they can be packed into history: ${unsealed} are waiting. ` +
      'Send this again after Retry-After, and fewer samples a second.',
  );

export const TOO_MANY_READS = 'Too many long reads are running. Try again in a second.';
export const TOO_MANY_LISTS = 'Too many long lists are running. Try again in a second.';

export const offsetTooLarge = (max: number) =>
  invalid(`offset must be at most ${max} in this list; use cursor to read on.`);

export const databaseNotReadable = (cause: unknown) =>
  unavailable('The database cannot be read at the moment. Try again later.', cause);

export const shuttingDown = () => unavailable('The service is shutting down.');

const unavailable = (message: string, cause?: unknown) => new AppError('unavailable', message, { cause });

export const jobExists = (id: string) =>
  new AppError('conflict', `A job with the id ${quote(id)} already exists.`);

export const otherJobExists = (id: string) =>
  new AppError('conflict', `Another job with the id ${quote(id)} already exists.`);

export const tokenExists = (name: string) =>
  new AppError(
    'conflict',
    `A token named ${quote(name)} already exists; take another name, or revoke it first.`,
  );

export const tokenNotFound = (name: string) =>
  new AppError('not_found', `There is no token named ${quote(name)}.`);

export const tooManyTokens = (max: number) =>
  new AppError('conflict', `There are ${max} tokens, which is the most; revoke those that nobody uses.`);

/** Refuses a report that would create a job without an owner. */
export const reportWithoutUser = (id: string) =>
  invalid(`The report of job ${quote(id)} names no user, and the job is unknown.`);

/** `known` is the number of runs; undefined if the caller may not know it. */
export const noSuchRun = (id: string, number: number, known: number | undefined) =>
  new AppError(
    'not_found',
    known === undefined
      ? `Job ${quote(id)} has no run ${number} that is visible to you.`
      : `Job ${quote(id)} has no run ${number}; it has ${known} ${known === 1 ? 'run' : 'runs'}.`,
  );

/** The cause goes to the log; `from` and `to` are times in ISO 8601. */
export const samplesDamaged = (job: string, from: string, to: string, cause: unknown) =>
  new AppError(
    'internal_error',
    `The samples of job ${quote(job)} from ${from} to ${to} are damaged on disk. ` +
      'Use start_time and end_time to read those before and after.',
    { cause },
  );

/**
 * Quotes a client's text for a message: as JSON, which shows odd characters, and at most 80 characters of it.
 */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
