import { Type } from '@sinclair/typebox';
import type { Holdings } from '../domain/store/tallies.ts';
import type { Wire } from './field.ts';
import { operation, type Parameter } from './operation.ts';
import { TallyAnswer } from './tally.ts';
import { TallyRowAnswer } from './tally-list.ts';

const count = (description: string) => Type.Integer({ minimum: 0, description });

const HoldingsAnswer = Type.Object(
  {
    running: count('Running jobs'),
    pending: count('Pending jobs'),
    cpus: Type.Optional(count('Held by running jobs; absent if none of them says')),
    gpus: Type.Optional(count('Held by running jobs')),
    memory_mb: Type.Optional(count('Memory limits of running jobs')),
  },
  { additionalProperties: false },
);

/** The sums of the last day, week and month. */
export const WINDOWS = { last_24h: 1, last_7d: 7, last_30d: 30 } as const;
export type Window = keyof typeof WINDOWS;

const WINDOW_FIELDS = {
  last_24h: TallyAnswer,
  last_7d: TallyAnswer,
  last_30d: TallyAnswer,
} satisfies Record<Window, unknown>;

const LISTS = {
  now: HoldingsAnswer,
  ...WINDOW_FIELDS,
  days: Type.Array(TallyRowAnswer, {
    description: 'Days (UTC) of the last 30 on which jobs ended, in order',
  }),
};

export const UserAnswer = Type.Object(
  {
    user: Type.String(),
    ...LISTS,
    accounts: Type.Array(TallyRowAnswer, { description: 'The last 30 days by account' }),
  },
  { $id: 'User', additionalProperties: false },
);
export type UserAnswer = Wire<typeof UserAnswer>;

export const AccountAnswer = Type.Object(
  {
    account: Type.String(),
    ...LISTS,
    users: Type.Array(TallyRowAnswer, { description: 'The last 30 days by user, at most 1,000' }),
  },
  { $id: 'Account', additionalProperties: false },
);
export type AccountAnswer = Wire<typeof AccountAnswer>;

export const CardAnswer = Type.Object(
  { user: Type.String(), now: HoldingsAnswer, ...WINDOW_FIELDS },
  { $id: 'UserCard', additionalProperties: false },
);
export type CardAnswer = Wire<typeof CardAnswer>;

export const renderHoldings = ({ running, pending, cpus, gpus, memoryMb }: Holdings) => ({
  running,
  pending,
  ...(cpus !== undefined && { cpus }),
  ...(gpus !== undefined && { gpus }),
  ...(memoryMb !== undefined && { memory_mb: memoryMb }),
});

const nameParameter = (name: 'user' | 'account'): Parameter => ({
  name,
  in: 'path',
  required: true,
  description: `Name of the ${name}, percent-encoded`,
  schema: Type.String({ minLength: 1 }),
  example: name === 'user' ? 'alice' : 'physics',
});

export const GET_USER = operation({
  id: 'getUser',
  method: 'GET',
  path: '/v1/users/:user',
  tag: 'Cluster',
  access: 'read',
  summary: 'Show what a user holds now, and held and used lately',
  parameters: [nameParameter('user')],
  answers: { 200: { schema: UserAnswer, means: 'Sums of the jobs that ended in these times' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'always',
});

export const GET_CARD = operation({
  id: 'getUserCard',
  method: 'GET',
  path: '/v1/users/:user/card',
  tag: 'Cluster',
  access: 'read',
  summary:
    'Show the sums of a user for the card of a portal, such as that of Open OnDemand (deploy/ondemand)',
  parameters: [nameParameter('user')],
  answers: { 200: { schema: CardAnswer, means: 'Sums of the jobs that ended in these times' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'always',
});

export const GET_ACCOUNT = operation({
  id: 'getAccount',
  method: 'GET',
  path: '/v1/accounts/:account',
  tag: 'Cluster',
  access: 'read',
  summary: 'Show what an account holds now, and held and used lately, with its users',
  parameters: [nameParameter('account')],
  answers: { 200: { schema: AccountAnswer, means: 'Sums of the jobs that ended in these times' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'always',
});
