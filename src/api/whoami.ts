import { Type } from '@sinclair/typebox';
import { type Caller, type Proof, ROLES, type Role } from '../domain/caller.ts';
import { explainCaller } from '../domain/explain-caller.ts';
import { formatTime, requireTime } from '../domain/time.ts';
import { Choice, Count, Time, type Wire } from './field.ts';
import { operation } from './operation.ts';

const PROOFS = [
  'open',
  'kernel',
  'munge',
  'token',
  'certificate',
  'proxy',
  'oidc',
] as const satisfies readonly Proof[];
const SIGHTS = ['all', 'own', 'none'] as const;

const WayState = Type.Object(
  {
    way: Type.String({ description: 'Such as `kernel` or `munge`' }),
    state: Type.String({ description: '`on`, or `off: ` and the reason' }),
  },
  { additionalProperties: false },
);

export const WhoamiAnswer = Type.Object(
  {
    name: Type.Optional(Type.String({ description: 'Absent if the service does not know who asks' })),
    uid: Type.Optional(Count('Numeric id of the user, where it is known')),
    role: Type.Optional(Choice(ROLES, 'What the caller may do')),
    role_why: Type.Optional(Type.String({ description: 'The rule that gives the role, in words' })),
    proof: Type.Optional(Choice(PROOFS, 'How the name was proved')),
    sees: Choice(SIGHTS, 'The jobs that the caller sees: all, own (and those of `accounts`) or none'),
    accounts: Type.Optional(
      Type.Array(Type.String(), { description: 'Slurm accounts whose jobs the caller sees as well' }),
    ),
    session_ends: Type.Optional(Time('When the session of the request ends')),
    why: Type.String({ description: 'One sentence: how the service knows, or what to do if it does not' }),
    cluster: Type.Optional(
      Type.String({ description: 'What MUNGE credentials for this service have to name' }),
    ),
    ways: Type.Array(WayState, { description: 'The ways to prove who sends a request' }),
    peers: Type.Optional(
      Type.Array(Type.String(), { description: 'Other clusters that are shown beside this one' }),
    ),
  },
  { $id: 'Whoami', additionalProperties: false },
);
export type WhoamiAnswer = Wire<typeof WhoamiAnswer>;

/** What the service says about itself to a caller who asks who they are. */
export interface Reception {
  /** What MUNGE credentials have to name; undefined while it is not known. */
  readonly cluster: string | undefined;
  readonly ways: readonly { readonly way: string; readonly state: string }[];
  /** Names of other clusters that are shown beside this one. */
  readonly peers?: readonly string[];
}

/** Who a caller is for the service, as a client reads it. */
export interface Whoami extends Reception {
  readonly name: string | undefined;
  readonly uid: number | undefined;
  readonly role: Role | undefined;
  readonly roleWhy: string | undefined;
  readonly proof: Proof | undefined;
  readonly sees: (typeof SIGHTS)[number];
  readonly accounts: readonly string[];
  readonly sessionEndsMs: number | undefined;
  readonly why: string;
}

export function renderWhoami(caller: Caller, { cluster, ways, peers }: Reception): WhoamiAnswer {
  const { identity, role, roleWhy, sight } = caller;
  const { name, uid, proof, session } = identity ?? {};
  return {
    ...(name !== undefined && { name }),
    ...(uid !== undefined && { uid }),
    ...(role !== undefined && { role }),
    ...(roleWhy !== undefined && { role_why: roleWhy }),
    ...(proof !== undefined && { proof }),
    sees: sight === undefined ? 'none' : sight === 'all' ? 'all' : 'own',
    ...(typeof sight === 'object' && { accounts: [...sight.accounts] }),
    ...(session && { session_ends: formatTime(session.expiresMs) }),
    why: explainCaller(caller),
    ...(cluster !== undefined && { cluster }),
    ways: [...ways],
    ...(peers && { peers: [...peers] }),
  };
}

/** Renders who a caller is as the service answered it. */
export const rewriteWhoami = ({
  roleWhy,
  sessionEndsMs,
  name,
  uid,
  role,
  proof,
  cluster,
  ...who
}: Whoami): WhoamiAnswer => ({
  ...(name !== undefined && { name }),
  ...(uid !== undefined && { uid }),
  ...(role !== undefined && { role }),
  ...(roleWhy !== undefined && { role_why: roleWhy }),
  ...(proof !== undefined && { proof }),
  sees: who.sees,
  accounts: [...who.accounts],
  ...(sessionEndsMs !== undefined && { session_ends: formatTime(sessionEndsMs) }),
  why: who.why,
  ...(cluster !== undefined && { cluster }),
  ways: [...who.ways],
  ...(who.peers && { peers: [...who.peers] }),
});

export const readWhoami = ({ session_ends, ...answer }: WhoamiAnswer): Whoami => ({
  name: answer.name,
  uid: answer.uid,
  role: answer.role,
  roleWhy: answer.role_why,
  proof: answer.proof,
  sees: answer.sees,
  accounts: answer.accounts ?? [],
  sessionEndsMs: session_ends === undefined ? undefined : requireTime('session_ends', session_ends),
  why: answer.why,
  cluster: answer.cluster,
  ways: answer.ways,
  ...(answer.peers && { peers: answer.peers }),
});

export const WHOAMI = operation({
  id: 'whoami',
  method: 'GET',
  path: '/v1/whoami',
  tag: 'Access',
  access: 'anyone',
  summary: 'Tell who sends this request, as the service sees it, and what they may do',
  answers: { 200: { schema: WhoamiAnswer, means: 'Also for somebody who is not known' } },
  errors: [],
  repeatable: 'always',
});
