import { Type } from '@sinclair/typebox';
import { type Evidence, SUBJECTS } from '../domain/finding/finding.ts';
import { SEVERITIES } from '../domain/finding/severity.ts';
import type { Verdict } from '../domain/finding/verdict.ts';
import { formatTime } from '../domain/time.ts';
import { Choice, Time, type Wire } from './field.ts';
import { JOB_ID, operation, RUN } from './operation.ts';

const EvidenceAnswer = Type.Object(
  {
    measure: Type.String({ description: 'Field of the samples in which it can be seen' }),
    gpus: Type.Optional(
      Type.Array(Type.String(), { description: 'UUIDs of the GPUs that it speaks of; all if absent' }),
    ),
    from: Type.Optional(Time('Start of the time that it speaks of; the whole run if absent')),
    to: Type.Optional(Time('End of that time')),
  },
  { additionalProperties: false },
);

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
    jobs: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'Jobs that it speaks of beside the run: tasks of the array, or others on its node; ten at most',
      }),
    ),
    evidence: Type.Optional(EvidenceAnswer),
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

const renderEvidence = ({ measure, gpus, fromMs, toMs }: Evidence) => ({
  measure,
  ...(gpus && { gpus: [...gpus] }),
  ...(fromMs !== undefined && { from: formatTime(fromMs) }),
  ...(toMs !== undefined && { to: formatTime(toMs) }),
});

export const renderVerdict = (jobId: string, verdict: Verdict): VerdictAnswer => ({
  job_id: jobId,
  verdict: verdict.sentence,
  findings: verdict.findings.map(({ nodes, jobs, evidence, ...finding }) => ({
    ...finding,
    ...(nodes && { nodes: [...nodes] }),
    ...(jobs && { jobs: [...jobs] }),
    ...(evidence && { evidence: renderEvidence(evidence) }),
  })),
  fine: [...verdict.fine],
  not_judged: [...verdict.unjudged],
});

/** Reads what `renderVerdict` wrote. */
export const readVerdict = ({ verdict, findings, fine, not_judged }: VerdictAnswer): Verdict => ({
  sentence: verdict,
  findings: findings.map(({ evidence, ...finding }) => ({
    ...finding,
    ...(evidence && { evidence: readEvidence(evidence) }),
  })),
  fine,
  unjudged: not_judged,
});

const readEvidence = ({ measure, gpus, from, to }: Wire<typeof EvidenceAnswer>): Evidence => ({
  measure: measure as Evidence['measure'],
  ...(gpus && { gpus }),
  ...(from !== undefined && { fromMs: Date.parse(from) }),
  ...(to !== undefined && { toMs: Date.parse(to) }),
});

export const JudgedAnewAnswer = Type.Object(
  { jobs: Type.Integer({ minimum: 0, description: 'Ended jobs that are judged, with all of their runs' }) },
  { $id: 'JudgedAnew', additionalProperties: false },
);
export const readJudgedAnew = ({ jobs }: Wire<typeof JudgedAnewAnswer>): number => jobs;

export const JUDGE_ANEW = operation({
  id: 'judgeAnew',
  method: 'POST',
  path: '/v1/findings',
  tag: 'Jobs',
  access: 'admin',
  summary:
    'Judge all ended runs anew, in the background, about 1,000 a second; a start with other rules or thresholds does so by itself',
  parameters: [],
  answers: { 200: { schema: JudgedAnewAnswer, means: 'It has begun' } },
  errors: ['unavailable'],
  repeatable: 'always',
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
