import { Type } from '@sinclair/typebox';
import { explainReason } from '../domain/pending-reason.ts';
import type { Said } from '../domain/slurm-asks.ts';
import { formatTime } from '../domain/time.ts';
import { WAIT_CAUSES } from '../domain/wait-cause.ts';
import { Choice, Time, type Wire } from './field.ts';
import { JOB_ID, operation } from './operation.ts';

export const WaitAnswer = Type.Object(
  {
    job_id: Type.String(),
    reason: Type.Optional(Type.String({ description: 'Why the job waits, as Slurm calls it' })),
    cause: Type.Optional(Choice(WAIT_CAUSES, 'As in `GET /v1/queue`')),
    meaning: Type.Optional(Type.String({ description: 'The reason in words; absent if it is not known' })),
    action: Type.Optional(Type.String({ description: 'What the owner can do' })),
    expected_start_time: Type.Optional(Time('When Slurm expects to start it; absent while it does not know')),
    asked_time: Type.Optional(
      Time('When Slurm was asked, at most a minute ago; absent if it is not followed'),
    ),
  },
  { $id: 'Wait', additionalProperties: false },
);
export type WaitAnswer = Wire<typeof WaitAnswer>;

/** Renders why a waiting job waits, and what Slurm said about its start. */
export function renderWait(
  jobId: string,
  reason: string | undefined,
  start: Said<number | undefined> | undefined,
): WaitAnswer {
  const explained = reason === undefined ? undefined : explainReason(reason);
  return {
    job_id: jobId,
    ...(reason !== undefined && { reason }),
    ...explained,
    ...(start?.value !== undefined && { expected_start_time: formatTime(start.value) }),
    ...(start && { asked_time: formatTime(start.timeMs) }),
  };
}

export const GET_WAIT = operation({
  id: 'getWait',
  method: 'GET',
  path: '/v1/jobs/:jobId/wait',
  tag: 'Jobs',
  access: 'read',
  summary: 'Why a pending job waits, in words, and when Slurm expects to start it; nothing of other jobs',
  parameters: [JOB_ID],
  answers: { 200: { schema: WaitAnswer, means: 'What is known of its wait' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'always',
});
