import { Type } from '@sinclair/typebox';
import { ACT_STATES, type StoredAct } from '../domain/policy/act.ts';
import { describeCondition } from '../domain/policy/condition.ts';
import { AUDIENCES, type Policy, WAYS } from '../domain/policy/policy.ts';
import type { Trial } from '../domain/policy/trial.ts';
import { formatTime } from '../domain/time.ts';
import { WRITE_ERRORS } from './error.ts';
import { Choice, Count, Time, type Wire } from './field.ts';
import { NOTICE_TEXT, NoticeAnswer, renderNoticeText } from './notice.ts';
import { operation, queryParameter } from './operation.ts';

export const MAX_POLICY_LOG = 1000;
export const DEFAULT_POLICY_LOG = 50;
/** Three times the examples of deploy/policies.toml; parsing it takes about 20 ms. */
export const MAX_POLICY_TEXT = 24 * 1024;
export const MAX_TRIAL_SECONDS = 90 * 86_400;

const ACTING = ['no', 'rehearsed', 'yes'] as const;

const PolicyAnswer = Type.Object(
  {
    name: Type.String(),
    looks_at: Choice(['running', 'ended']),
    window_seconds: Count('Nobody gets two of its notices within it'),
    conditions: Type.Array(Type.String(), { description: 'As in the file' }),
    tell: Type.Array(Choice(AUDIENCES)),
    by: Type.Array(Choice(WAYS)),
    acts: Choice(ACTING, 'Whether it cancels jobs; `rehearsed` if serve does not allow it'),
  },
  { additionalProperties: false },
);

const ActAnswer = Type.Object(
  {
    policy: Type.String(),
    job_id: Type.String(),
    user: Type.String(),
    time: Time('When it was decided'),
    state: Choice(ACT_STATES),
    why: Type.Array(Type.String(), { description: 'The figures that the policy compares' }),
    from: Time('Start of the time that the figures are of'),
    to: Time('End of that time'),
    error: Type.Optional(Type.String({ description: 'Why nothing was cancelled' })),
  },
  { additionalProperties: false },
);

export const PoliciesAnswer = Type.Object(
  {
    policies: Type.Array(PolicyAnswer),
    notices: Type.Array(NoticeAnswer, { description: 'The latest to anybody, newest first' }),
    acts: Type.Array(ActAnswer, { description: 'The latest of the last 31 days, newest first' }),
  },
  { $id: 'Policies', additionalProperties: false },
);
export type PoliciesAnswer = Wire<typeof PoliciesAnswer>;

/** Renders a policy as it is in force. */
export const renderPolicy = (policy: Policy, mayAct: boolean): Wire<typeof PolicyAnswer> => ({
  name: policy.name,
  looks_at: policy.looksAt,
  window_seconds: policy.windowMs / 1000,
  conditions: [
    ...policy.findings.map((kind) => `finding ${kind}`),
    ...policy.job.map((condition) => `job.${describeCondition(condition)}`),
    ...policy.total.map((condition) => `total.${describeCondition(condition)}`),
  ],
  tell: [...policy.tell],
  by: [...policy.by],
  acts: !policy.act ? 'no' : mayAct ? 'yes' : 'rehearsed',
});

export const renderAct = ({ policy, match, timeMs, state, error }: StoredAct): Wire<typeof ActAnswer> => ({
  ...{ policy, job_id: match.id, user: match.user, time: formatTime(timeMs), state, why: [...match.reasons] },
  from: formatTime(match.fromMs),
  to: formatTime(match.toMs),
  ...(error !== undefined && { error }),
});

export const LIST_POLICIES = operation({
  id: 'listPolicies',
  method: 'GET',
  path: '/v1/policies',
  tag: 'Cluster',
  access: 'admin',
  summary: 'List the policies in force, and what they told and did lately',
  parameters: [
    queryParameter(
      'limit',
      'Most notices and acts',
      Type.Integer({ minimum: 1, maximum: MAX_POLICY_LOG, default: DEFAULT_POLICY_LOG }),
    ),
  ],
  answers: { 200: { schema: PoliciesAnswer, means: 'Empty without --policies' } },
  errors: ['validation_error', 'unavailable'],
  repeatable: 'always',
});

export const TrialBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 1024, description: 'Name of the file, for messages' }),
    text: Type.String({ maxLength: MAX_POLICY_TEXT, description: 'The file, in TOML' }),
    since_seconds: Type.Integer({
      minimum: 3600,
      maximum: MAX_TRIAL_SECONDS,
      description: 'How far back jobs are looked at',
    }),
  },
  {
    additionalProperties: false,
    example: {
      name: 'policies.toml',
      text: '[policy.gpu-idle]\nsays = "No GPU is used."\nlooks_at = "running"\njob.gpus = ">= 1"\nwindow = "1d"\ntell = ["user"]\nby = ["page"]\n',
      since_seconds: 86_400,
    },
  },
);
export type TrialBody = Wire<typeof TrialBody>;

export const TrialAnswer = Type.Object(
  {
    policies: Type.Array(
      Type.Object(
        {
          policy: Type.String(),
          cancels: Type.Boolean({ description: 'Whether it would cancel the jobs that it names' }),
          notices: Type.Array(Type.Object(NOTICE_TEXT, { additionalProperties: false })),
        },
        { additionalProperties: false },
      ),
    ),
    partial: Type.Boolean({ description: 'Whether there was no time for all jobs' }),
  },
  { $id: 'PolicyTrial', additionalProperties: false },
);
export type TrialAnswer = Wire<typeof TrialAnswer>;

export const renderTrial = ({ policies, isPartial }: Trial): TrialAnswer => ({
  policies: policies.map(({ policy, notices }) => ({
    policy: policy.name,
    cancels: policy.act,
    notices: notices.map(renderNoticeText),
  })),
  partial: isPartial,
});

export const TRY_POLICIES = operation({
  id: 'tryPolicies',
  method: 'POST',
  path: '/v1/policies/try',
  tag: 'Cluster',
  access: 'admin',
  summary: 'Show whom the policies of a file would have reached; nothing is stored, sent or cancelled',
  body: { schema: TrialBody },
  answers: { 200: { schema: TrialAnswer, means: 'By policy, in the order of the file' } },
  errors: WRITE_ERRORS,
  repeatable: 'always',
});
