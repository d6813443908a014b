import { OperatorError } from '../../../domain/errors.ts';

interface ServerError extends Error {
  readonly code?: string;
  /** The SQLSTATE if the server reported the error. */
  readonly errno?: string;
}

/**
 * SQLSTATE classes that concern the server rather than a statement: connection, resources, operator
 * intervention, system errors, a server that is starting, a database that is read only, a transaction that
 * was idle for too long, another service that writes.
 */
const SERVER_STATES = /^(08|53|57|58|F0|XX|25006|25P03|55P03|40|HPO01)/;

/** Whether an error comes from the server or the way to it rather than from a wrong statement. */
export function isServerError(error: unknown): error is ServerError {
  if (!(error instanceof Error)) return false;
  const { code = '', errno } = error as ServerError;
  if (code === 'ERR_POSTGRES_SERVER_ERROR') return SERVER_STATES.test(String(errno ?? ''));
  return /^(ERR_POSTGRES_(CONNECTION|IDLE|LIFETIME|QUERY_CANCELLED)|E[A-Z]+$)/.test(code);
}

/** Whether the connection is gone, or its lock, so that a new one is needed. */
export const isConnectionLost = (error: unknown): boolean =>
  isServerError(error) &&
  (error.code !== 'ERR_POSTGRES_SERVER_ERROR' ||
    /^(08|57P0|25P03|HPO01)/.test(String((error as ServerError).errno)));

/** Describes an error for the log. */
export const describeError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { code, errno, message } = error as ServerError;
  return [errno ?? code, message].filter((part) => part !== undefined).join(': ');
};

/** Why a database cannot be opened: SQLSTATEs or codes of the client, and what to do. */
const OPEN_FAULTS: readonly [codes: RegExp, text: string][] = [
  [
    /^(28P01|28000)$/,
    'refuses the name or password. Check the name in --database, the password in --database-password-file, and pg_hba.conf.',
  ],
  [/^3D000$/, 'does not exist. Create it with createdb.'],
  [
    /^42501$/,
    'does not let this role create or read tables. Grant it CREATE on the schema, or migrate as the owner with hpc-observe upgrade (see docs/postgres.md).',
  ],
  [/^3F000$/, 'has no schema to create tables in. Create one, or correct search_path in the address.'],
  [/^53300$/, 'has no connection left. Raise max_connections, or end other programs.'],
  [/^57P03$/, 'is starting up or shutting down. Try again in a moment.'],
  [/^(25006)$/, 'is read only. Name the primary server with --database.'],
  [
    /CERT|ISSUER|SIGNATURE|TRUST/,
    'shows a certificate that is not trusted here. Name its authority with sslrootcert=FILE in the address.',
  ],
  [/TLS/, 'speaks no TLS. Set ssl = on in postgresql.conf, or leave out sslmode in the address.'],
  [
    /CONNECTION|TIMEOUT|^E[A-Z]+$|^08/,
    'cannot be reached. Check that PostgreSQL runs, and the host and port.',
  ],
  [/^ERR_POSTGRES_/, 'does not answer as PostgreSQL does. Check the host and port.'],
];

/** Returns the OperatorError for an error of opening a database; undefined for any other error. */
export function explainOpenError(address: string, error: unknown): OperatorError | undefined {
  if (error instanceof OperatorError) return error;
  if (!(error instanceof Error)) return undefined;
  const { code = '', errno } = error as ServerError;
  const state = code === 'ERR_POSTGRES_SERVER_ERROR' ? String(errno) : code;
  const text = OPEN_FAULTS.find(([codes]) => codes.test(state))?.[1];
  return text === undefined ? undefined : new OperatorError(`${address} ${text}`, { cause: error });
}
