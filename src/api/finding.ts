import { Type } from '@sinclair/typebox';
import { SEVERITIES, SUBJECTS } from '../domain/finding/finding.ts';
import type { Verdict } from '../domain/finding/judge.ts';
import { Choice, type Wire } from './field.ts';
import { JOB_ID, operation, RUN } from './operation.ts';

const FindingAnswer = Type.Object(
  {
    kind: Type.String({ description: 'Names the rule, such as `gpu-unused`' }),
    subject: Choice(SUBJECTS, 'What it is about'),
    severity: Choice(SEVERITIES, 'harm costs the job itself, waste costs others, info costs nobody'),
    message: Type.String({ description: 'One sentence with its numbers' }),
    action: Type.Optional(Type.String({ description: 'What to do about it' })),
    nodes: Type.Optional(
      Type.Array(Type.String(), { description: 'Nodes that it speaks of; all if absent' }),
    ),
  },
  { additionalProperties: false },
);

export const VerdictAnswer = Type.Object(
  {
    job_id: Type.String(),
    verdict: Type.String({ description: 'One sentence: the worst finding, or that there is none' }),
    findings: Type.Array(FindingAnswer, { description: 'The worst first' }),
    fine: Type.Array(Choice(SUBJECTS), { description: 'What was looked at and found well' }),
    not_judged: Type.Array(
      Type.Object({ subject: Choice(SUBJECTS), why: Type.String() }, { additionalProperties: false }),
    ),
  },
  { $id: 'Verdict', additionalProperties: false },
);
export type VerdictAnswer = Wire<typeof VerdictAnswer>;

export const renderVerdict = (jobId: string, verdict: Verdict): VerdictAnswer => ({
  job_id: jobId,
  verdict: verdict.sentence,
  findings: verdict.findings.map(({ nodes, ...finding }) => ({
    ...finding,
    ...(nodes && { nodes: [...nodes] }),
  })),
  fine: [...verdict.fine],
  not_judged: [...verdict.unjudged],
});

export const GET_FINDINGS = operation({
  id: 'getFindings',
  method: 'GET',
  path: '/v1/jobs/:jobId/findings',
  tag: 'Jobs',
  access: 'read',
  summary: 'Judge a run: what is worth changing, what is well, and what could not be judged',
  parameters: [JOB_ID, RUN],
  answers: { 200: { schema: VerdictAnswer, means: 'The findings, the worst first' } },
  errors: ['validation_error', 'not_found', 'unavailable'],
  repeatable: 'always',
});
