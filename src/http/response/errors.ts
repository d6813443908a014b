import { Elysia } from 'elysia';
import { ERROR_STATUS, type ErrorAnswer, WRITER_HEADER } from '../../api/error.ts';
import { AppError, CredentialRefused, quote, TooManyRequests, WriterElsewhere } from '../../domain/errors.ts';
import { BrokenOff } from '../request/body-text.ts';
import { pathOf, shownPathOf } from '../url.ts';
import { allowedMethods, type RouteLike } from './allowed-methods.ts';
import { refusalLog } from './refusal-log.ts';
import { nameRequest, REQUEST_ID } from './request-id.ts';

/** Receives the causes of errors, which no client may see. */
export interface ErrorLog {
  debug(event: string, fields: Record<string, unknown>): void;
  error(event: string, fields: Record<string, unknown>): void;
  warn(event: string, fields: Record<string, unknown>): void;
}

/** Records a credential that was refused, and returns what to answer. */
export type Refuse = (
  refusal: CredentialRefused,
  request: Request,
  server: Bun.Server<unknown> | null,
) => Promise<AppError>;

interface ErrorsOptions {
  readonly log: ErrorLog;
  /** Left out, refusals are answered as they are. */
  readonly refuse: Refuse | undefined;
  /** Read when a request matches no route. */
  readonly routes: () => readonly RouteLike[];
}

/** The status that metrics count when the client disconnects before the answer; it is never sent. */
const CLIENT_GONE = 499;

/** Renders every error, those of the framework included. Must be used before the routes. */
export const errors = ({ log, refuse, routes }: ErrorsOptions) => {
  const refusals = refusalLog(log);
  return new Elysia({ name: 'errors' }).onError(
    { as: 'global' },
    async ({ code, error, set, request, route, server }) => {
      // So that what a client reports can be found in the log.
      set.headers[REQUEST_ID] ??= nameRequest(request);
      const requestId = set.headers[REQUEST_ID];
      if (request.signal.aborted) {
        log.debug('client_gone', { method: request.method, route, requestId });
        set.status = CLIENT_GONE;
        return;
      }
      const isUnknown = code === 'NOT_FOUND';
      const allowed = isUnknown ? otherMethods(routes(), request) : [];
      const path = shownPathOf(request);
      const known = isUnknown ? unknownRoute(request.method, path, allowed) : knownError(code, error);
      logCause(log, refusals, known, error, {
        method: request.method,
        route: route || path,
        requestId,
      });
      const refused = known instanceof CredentialRefused ? await refuse?.(known, request, server) : undefined;
      const answer = refused ?? known ?? INTERNAL_ERROR();
      set.status = ERROR_STATUS[answer.code];
      Object.assign(set.headers, headersOf(answer));
      if (allowed.length > 0) set.headers.allow = allowed.join(', ');
      return {
        error: answer.code,
        message: answer.message,
        ...(answer instanceof WriterElsewhere && answer.url !== undefined && { writer: answer.url }),
      } satisfies ErrorAnswer;
    },
  );
};

/**
 * Returns the methods that a path takes instead; empty for an unknown path. One that takes the method of the
 * request was misread on the way here: without a Host, `//x` becomes the path of a URL in one place only.
 */
function otherMethods(routes: readonly RouteLike[], request: Request): string[] {
  const allowed = allowedMethods(routes, pathOf(request).pathname);
  return allowed.includes(request.method) ? [] : allowed;
}

const INTERNAL_ERROR = () =>
  new AppError('internal_error', 'The service failed on this request; its log has the cause.');

function headersOf(answer: AppError): Record<string, string> {
  if (answer instanceof TooManyRequests) return { 'retry-after': String(answer.retryAfterSeconds) };
  if (answer instanceof WriterElsewhere && answer.url !== undefined)
    return { 'retry-after': '1', [WRITER_HEADER]: answer.url };
  if (answer.code === 'unavailable') return { 'retry-after': '1' };
  // RFC 9110, 11.6.1; browsers ask for no password for these.
  return answer.code === 'unauthorized' ? { 'www-authenticate': 'Bearer, Munge' } : {};
}

/**
 * Logs faults of the service with their stack, and refusals of the disk or the queue once a second with their
 * count. Faults of a client are not logged, except at level debug a body that ended too early.
 */
function logCause(
  log: ErrorLog,
  refusals: ReturnType<typeof refusalLog>,
  known: AppError | undefined,
  error: unknown,
  fields: Record<string, unknown>,
): void {
  if (!known || known.code === 'internal_error') log.error('request_failed', { ...fields, cause: error });
  // The usual answer of a service that only reads.
  else if (known instanceof WriterElsewhere) log.debug('writer_elsewhere', fields);
  else if (known.code === 'unavailable') refusals.add(kindOf(known));
  else if (known instanceof BrokenOff) log.debug('body_incomplete', { ...fields, cause: causeOf(known) });
}

const causeOf = ({ cause }: Error): string => (cause instanceof Error ? cause.message : String(cause ?? ''));

/** Returns the message of a refusal with the error of SQLite or the system. */
function kindOf(refusal: AppError): string {
  const cause = causeOf(refusal);
  return cause === '' ? refusal.message : `${refusal.message} (${cause})`;
}

function unknownRoute(method: string, path: string, allowed: readonly string[]): AppError {
  if (allowed.length === 0)
    return new AppError('not_found', `There is nothing at ${quote(path)}; see /swagger.`);
  return new AppError(
    'method_not_allowed',
    `${quote(path)} takes ${allowed.join(', ')}, not ${quote(method)}.`,
  );
}

/** Returns the error that a client may see; undefined for a fault of the service. */
function knownError(code: string | number, error: unknown): AppError | undefined {
  // Elysia wraps what the body parser throws.
  const cause = code === 'PARSE' ? (error as Error).cause : error;
  return cause instanceof AppError ? cause : undefined;
}
