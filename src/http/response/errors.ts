import { Elysia } from 'elysia';
import { AppError, type ErrorCode, quote } from '../../domain/errors.ts';
import { BrokenOff } from '../request/body-text.ts';
import { pathOf } from '../url.ts';
import { allowedMethods, type RouteLike } from './allowed-methods.ts';
import { refusalLog } from './refusal-log.ts';

export const ERROR_STATUS: Record<ErrorCode, number> = {
  invalid_request: 400,
  validation_error: 400,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  internal_error: 500,
  unavailable: 503,
};

/** The errors of a write that names no job in its path. */
export const WRITE_ERRORS = [
  'invalid_request',
  'validation_error',
  'payload_too_large',
  'unsupported_media_type',
  'unavailable',
] as const satisfies readonly ErrorCode[];

/** Where causes go that no client may see. */
export interface ErrorLog {
  debug(event: string, fields: Record<string, unknown>): void;
  error(event: string, fields: Record<string, unknown>): void;
  warn(event: string, fields: Record<string, unknown>): void;
}

interface ErrorsOptions {
  readonly log: ErrorLog;
  /** Read when an unknown route was asked for. */
  readonly routes: () => readonly RouteLike[];
}

/** The status that metrics show of a request whose client went away before it was answered; nobody reads it. */
const CLIENT_GONE = 499;

/** The one place that gives errors their shape, the framework's own included. Has to be used before the routes. */
export const errors = ({ log, routes }: ErrorsOptions) => {
  const refusals = refusalLog(log);
  return new Elysia({ name: 'errors' }).onError({ as: 'global' }, ({ code, error, set, request, route }) => {
    if (request.signal.aborted) {
      log.debug('client gone', { method: request.method, route });
      set.status = CLIENT_GONE;
      return;
    }
    const { pathname } = pathOf(request);
    const allowed = code === 'NOT_FOUND' ? allowedMethods(routes(), pathname) : [];
    const known =
      code === 'NOT_FOUND' ? unknownRoute(request.method, pathname, allowed) : knownError(code, error);
    logCause(log, refusals, known, error, { method: request.method, route: route || pathname });
    const answer =
      known ?? new AppError('internal_error', 'The service failed on this request; its log says why.');
    set.status = ERROR_STATUS[answer.code];
    if (answer.code === 'unavailable') set.headers['retry-after'] = '1';
    if (allowed.length > 0) set.headers.allow = allowed.join(', ');
    return { error: answer.code, message: answer.message };
  });
};

/**
 * Faults of ours are errors, each with its stack. What the disk or the queue refused is counted, and logged once a second. A
 * client's own faults are not logged, but for a body that broke off, which is worth a line for debugging.
 */
function logCause(
  log: ErrorLog,
  refusals: ReturnType<typeof refusalLog>,
  known: AppError | undefined,
  error: unknown,
  fields: Record<string, unknown>,
): void {
  if (!known || known.code === 'internal_error') log.error('request failed', { ...fields, cause: error });
  else if (known.code === 'unavailable') refusals.add(kindOf(known));
  else if (known instanceof BrokenOff) log.debug('body broken off', { ...fields, cause: causeOf(known) });
}

const causeOf = ({ cause }: Error): string => (cause instanceof Error ? cause.message : String(cause ?? ''));

/** The message of a refusal, with what SQLite or the system said. */
function kindOf(refusal: AppError): string {
  const cause = causeOf(refusal);
  return cause === '' ? refusal.message : `${refusal.message} (${cause})`;
}

function unknownRoute(method: string, pathname: string, allowed: readonly string[]): AppError {
  if (allowed.length === 0)
    return new AppError('not_found', `There is nothing at ${quote(pathname)}; see /swagger.`);
  return new AppError(
    'method_not_allowed',
    `${quote(pathname)} takes ${allowed.join(', ')}, not ${quote(method)}.`,
  );
}

/** The error for a client, or undefined when the fault is ours (an answer that broke its own schema included). */
function knownError(code: string | number, error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  // Elysia wraps what a body parser throws.
  if (code === 'PARSE')
    return (error as Error).cause instanceof AppError ? ((error as Error).cause as AppError) : undefined;
  if (code === 'VALIDATION' && (error as { type?: string }).type !== 'response') {
    return new AppError('validation_error', explainFault((error as { valueError?: Fault }).valueError));
  }
  return undefined;
}

/** What TypeBox says of the first fault. */
interface Fault {
  readonly path: string;
  readonly message: string;
  readonly value?: unknown;
  readonly schema?: { readonly anyOf?: readonly { readonly const?: unknown }[]; readonly format?: string };
}

/** One sentence that names the field at fault and what it has to be; never the schema. */
export function explainFault(fault: Fault | undefined): string {
  if (!fault) return 'The request is not valid.';
  const field =
    fault.path.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~') || 'The body';
  const choices =
    fault.schema?.anyOf?.map((choice) => choice.const).filter((choice) => choice !== undefined) ?? [];
  if (choices.length > 0) return `${field} must be one of ${choices.join(', ')}.`;
  if (typeof fault.value === 'string' && !fault.value.isWellFormed()) {
    return `${field} must be well-formed Unicode, without half a surrogate pair.`;
  }
  if (fault.schema?.format === 'identity' && fault.message.includes('format')) {
    return `${field} must have 1 to 256 characters, none of them a control character.`;
  }
  if (fault.schema?.format === 'text' && fault.message.includes('format')) {
    return `${field} must be well-formed Unicode without NUL characters.`;
  }
  const sentences: [RegExp, string][] = [
    [/^Unexpected property/, 'is not a known field'],
    [/^Expected string to match .*/, 'must not be "." or "..", which no URL can name'],
    [/^Expected required property/, 'is required'],
    [/^Expected property .*/, 'is required'],
    [/^Expected array elements to be unique/, 'must not name the same node twice'],
    [/^Expected (?:array|string) length to be greater or equal to 1$/, 'must not be empty'],
    [/^Expected array length to be less or equal to (.*)/, 'must have at most $1 entries'],
    [/^Expected string length less or equal to (.*)/, 'must have at most $1 characters'],
    [/^Expected (?:number|integer) to be greater or equal to (.*)/, 'must be at least $1'],
    [/^Expected (?:number|integer) to be less or equal to (.*)/, 'must be at most $1'],
    [/^Expected (integer|object|array)$/, 'must be an $1'],
    [/^Expected (\w+)$/, 'must be a $1'],
  ];
  for (const [pattern, sentence] of sentences) {
    if (pattern.test(fault.message)) return `${field} ${fault.message.replace(pattern, sentence)}.`;
  }
  return `${field} is not valid: ${fault.message}.`;
}
