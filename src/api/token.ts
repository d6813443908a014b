import { Type } from '@sinclair/typebox';
import { ROLES } from '../domain/caller.ts';
import { invalid } from '../domain/errors.ts';
import type { Token } from '../domain/store/access.ts';
import { formatTime, requireTime } from '../domain/time.ts';
import { type CreatedToken, type NewToken, TOKEN_ROLES } from '../domain/token.ts';
import { WRITE_ERRORS } from './error.ts';
import { Choice, JobId, Moment, optional, Time, type Wire } from './field.ts';
import { operation, type Parameter, renderTime } from './operation.ts';

export const NewTokenBody = Type.Object(
  {
    // Stands in paths, as job ids do.
    name: JobId('Name, by which it is listed and revoked; 1 to 256 characters'),
    role: Choice(
      TOKEN_ROLES,
      'What it may do: viewer reads all jobs, ingest writes measurements, admin does all',
    ),
    expires: optional(Moment('When it is no longer valid; never if absent')),
  },
  {
    additionalProperties: false,
    example: { name: 'grafana', role: 'viewer', expires: '2040-01-20T12:00:00Z' },
  },
);
type NewTokenBody = Wire<typeof NewTokenBody>;

const TokenFields = {
  name: Type.String(),
  role: Choice(ROLES),
  created: Time('When it was created'),
  created_by: Type.String({ description: 'Name of who created it' }),
  expires: Type.Optional(Time('When it is no longer valid; absent: never')),
};

const TokenAnswer = Type.Object(
  {
    ...TokenFields,
    last_used: Type.Optional(
      Time('When it was last sent; up to a minute is lost when the service is killed'),
    ),
  },
  { $id: 'Token', additionalProperties: false },
);
type TokenAnswer = Wire<typeof TokenAnswer>;

export const TokenListAnswer = Type.Object(
  { tokens: Type.Array(TokenAnswer) },
  { $id: 'TokenList', additionalProperties: false },
);

export const CreatedTokenAnswer = Type.Object(
  { ...TokenFields, token: Type.String({ description: 'The token itself, which is shown only here' }) },
  { $id: 'CreatedToken', additionalProperties: false },
);
type CreatedTokenAnswer = Wire<typeof CreatedTokenAnswer>;

/** Throws `validation_error` for a token that is given where its name belongs. */
export function requireTokenName(name: string): string {
  if (/^hpos?_/.test(name))
    throw invalid('name is how a token is listed, not the token itself, and must not begin with hpo_.');
  return name;
}

export const readNewToken = ({ name, role, expires }: NewTokenBody): NewToken => ({
  name: requireTokenName(name),
  role,
  ...(expires !== undefined && { expiresMs: requireTime('expires', expires) }),
});

export const renderNewToken = ({ name, role, expiresMs }: NewToken): NewTokenBody => ({
  name,
  role,
  ...(expiresMs !== undefined && { expires: formatTime(expiresMs) }),
});

const renderFields = ({ name, role, createdMs, createdBy, expiresMs }: Omit<Token, 'hash'>) => ({
  name,
  role,
  created: formatTime(createdMs),
  created_by: createdBy,
  ...(expiresMs !== undefined && { expires: formatTime(expiresMs) }),
});

export const renderToken = (token: Omit<Token, 'hash'>): TokenAnswer => ({
  ...renderFields(token),
  ...(token.lastUsedMs !== undefined && { last_used: renderTime(token.lastUsedMs)! }),
});

/** A token as the API shows it: its hash stays in the service. */
export type ListedToken = Omit<Token, 'hash'>;

export const readToken = ({
  name,
  role,
  created,
  created_by,
  expires,
  last_used,
}: TokenAnswer): ListedToken => ({
  name,
  role,
  createdMs: requireTime('created', created),
  createdBy: created_by,
  ...(expires !== undefined && { expiresMs: requireTime('expires', expires) }),
  ...(last_used !== undefined && { lastUsedMs: requireTime('last_used', last_used) }),
});

export const renderCreatedToken = ({ token, secret }: CreatedToken): CreatedTokenAnswer => ({
  ...renderFields(token),
  token: secret,
});

export const readCreatedToken = ({ token: secret, ...fields }: CreatedTokenAnswer) => ({
  token: readToken(fields),
  secret,
});

const TOKEN_NAME: Parameter = {
  name: 'name',
  in: 'path',
  required: true,
  description: 'Name of the token, percent-encoded',
  schema: Type.String({ minLength: 1 }),
  example: 'grafana',
};

export const CREATE_TOKEN = operation({
  id: 'createToken',
  method: 'POST',
  path: '/v1/tokens',
  tag: 'Access',
  access: 'admin',
  summary: 'Create a token, which is shown once; a program sends it as Authorization: Bearer',
  body: { schema: NewTokenBody },
  answers: { 201: { schema: CreatedTokenAnswer, means: 'The token; its hash is on disk' } },
  errors: [...WRITE_ERRORS, 'conflict'],
  repeatable: 'never',
});

export const LIST_TOKENS = operation({
  id: 'listTokens',
  method: 'GET',
  path: '/v1/tokens',
  tag: 'Access',
  access: 'admin',
  summary: 'List all tokens, expired ones included, in order of name',
  answers: { 200: { schema: TokenListAnswer, means: 'The tokens, without their secrets' } },
  errors: ['unavailable'],
  repeatable: 'always',
});

export const REVOKE_TOKEN = operation({
  id: 'revokeToken',
  method: 'DELETE',
  path: '/v1/tokens/:name',
  tag: 'Access',
  access: 'admin',
  summary: 'Revoke a token, which is refused from then on',
  parameters: [TOKEN_NAME],
  answers: { 204: { means: 'Revoked; its name can be used again' } },
  errors: ['validation_error', 'not_found', 'unavailable'],
  repeatable: 'always',
});
