import { Type } from '@sinclair/typebox';
import { PROOFS } from '../domain/caller.ts';
import { AUDIT_ACTIONS, type NumberedEntry } from '../domain/store/access.ts';
import { formatTime } from '../domain/time.ts';
import { Choice, Count, Time, type Wire } from './field.ts';
import { operation, queryParameter } from './operation.ts';

export const MAX_AUDIT_PAGE = 1000;
export const AUDIT_PAGE = 100;

const AuditEntryAnswer = Type.Object(
  {
    number: Count('Grows with each entry'),
    time: Time('When it was done'),
    caller: Type.String({ description: 'Name of who did it' }),
    proof: Choice([...PROOFS, 'policy'], 'How the caller proved that name, or that a policy did it'),
    action: Choice(AUDIT_ACTIONS),
    subject: Type.String({ description: 'Id of the job, or name of the token or user' }),
    evidence: Type.Optional(Type.String({ description: 'Why a policy did it, as JSON' })),
  },
  { additionalProperties: false },
);

export const AuditAnswer = Type.Object(
  { entries: Type.Array(AuditEntryAnswer) },
  { $id: 'Audit', additionalProperties: false },
);

export const renderAuditEntry = ({ timeMs, ...entry }: NumberedEntry): Wire<typeof AuditEntryAnswer> => ({
  number: entry.number,
  time: formatTime(timeMs),
  caller: entry.caller,
  proof: entry.proof,
  action: entry.action,
  subject: entry.subject,
  ...(entry.evidence !== undefined && { evidence: entry.evidence }),
});

const AUDIT_PARAMETERS = [
  queryParameter(
    'limit',
    'Most entries of a page',
    Type.Integer({ minimum: 1, maximum: MAX_AUDIT_PAGE, default: AUDIT_PAGE }),
  ),
  queryParameter(
    'before',
    'Number of the last entry of the page before; the newest entries by default',
    Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  ),
];
export const AUDIT_PARAMETER_NAMES = AUDIT_PARAMETERS.map(({ name }) => name);

export const LIST_AUDIT = operation({
  id: 'listAudit',
  method: 'GET',
  path: '/v1/audit',
  tag: 'Access',
  access: 'admin',
  summary:
    'List who deleted or cancelled jobs, created and revoked tokens, and started and ended sessions, newest first',
  parameters: AUDIT_PARAMETERS,
  answers: { 200: { schema: AuditAnswer, means: 'One page of the audit record' } },
  errors: ['validation_error', 'unavailable'],
  repeatable: 'always',
});
