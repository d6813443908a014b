import { Type } from '@sinclair/typebox';
import { formatTime, requireTime } from '../domain/time.ts';
import { Count, Time, type Wire } from './field.ts';
import { operation, type Parameter } from './operation.ts';

export const SessionAnswer = Type.Object(
  {
    token: Type.String({
      description: 'For `Authorization: Bearer` in the requests that follow; shown this once',
    }),
    expires: Time('When the session ends'),
  },
  { $id: 'Session', additionalProperties: false },
);
export type SessionAnswer = Wire<typeof SessionAnswer>;

export const LinkAnswer = Type.Object(
  {
    url: Type.String({ description: 'Signs the browser in that opens it, once' }),
    expires: Time('Until when it can be opened'),
  },
  { $id: 'SignInLink', additionalProperties: false },
);
export type LinkAnswer = Wire<typeof LinkAnswer>;

export const EndedSessionsAnswer = Type.Object(
  { ended: Count('Sessions that ended') },
  { $id: 'EndedSessions', additionalProperties: false },
);
export type EndedSessionsAnswer = Wire<typeof EndedSessionsAnswer>;

interface Expiring {
  readonly secret: string;
  readonly expiresMs: number;
}

export const renderSession = ({ secret, expiresMs }: Expiring): SessionAnswer => ({
  token: secret,
  expires: formatTime(expiresMs),
});

export const readSession = ({ token, expires }: SessionAnswer): Expiring => ({
  secret: token,
  expiresMs: requireTime('expires', expires),
});

const USER: Parameter = {
  name: 'user',
  in: 'query',
  required: true,
  description: 'Name of the user whose sessions end',
  schema: Type.String({ minLength: 1, maxLength: 256 }),
  example: 'alice',
};

export const START_SESSION = operation({
  id: 'startSession',
  method: 'POST',
  path: '/v1/sessions',
  tag: 'Access',
  access: 'known',
  summary: 'Exchange the proof of this request, such as a MUNGE credential, for a session of 12 hours',
  answers: { 201: { schema: SessionAnswer, means: 'The session, on disk' } },
  errors: ['unavailable'],
  repeatable: 'never',
});

export const REVOKE_SESSIONS = operation({
  id: 'revokeSessions',
  method: 'DELETE',
  path: '/v1/sessions',
  tag: 'Access',
  access: 'admin',
  summary: 'End all sessions of a user',
  parameters: [USER],
  answers: { 200: { schema: EndedSessionsAnswer, means: 'They are refused from now on' } },
  errors: ['validation_error', 'unavailable'],
  repeatable: 'always',
});

export const END_SESSION = operation({
  id: 'endSession',
  method: 'DELETE',
  path: '/v1/sessions/current',
  tag: 'Access',
  access: 'known',
  summary: 'Sign out: end the session of this request, and remove its cookie',
  answers: { 204: { means: 'The session has ended' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'never',
});

export const CREATE_LINK = operation({
  id: 'createSignInLink',
  method: 'POST',
  path: '/v1/sessions/links',
  tag: 'Access',
  access: 'known',
  summary: 'Create a link that signs a browser in as the caller: once, within a minute',
  answers: { 201: { schema: LinkAnswer, means: 'The link' } },
  errors: ['unavailable'],
  repeatable: 'never',
});

/** What a browser opens: it sets a cookie and leads to the first page. */
export const SIGN_IN_PATH = '/v1/sign-in/:secret';
