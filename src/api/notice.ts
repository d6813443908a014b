import { Type } from '@sinclair/typebox';
import type { Notice } from '../domain/policy/notice.ts';
import { AUDIENCES, WAYS } from '../domain/policy/policy.ts';
import { DELIVERY_STATES, type StoredNotice } from '../domain/store/policies.ts';
import { formatTime } from '../domain/time.ts';
import { Choice, Count, Time, type Wire } from './field.ts';
import { operation, queryParameter } from './operation.ts';

export const MAX_NOTICES = 1000;
export const DEFAULT_NOTICES = 100;

const NoticeJobAnswer = Type.Object(
  {
    job_id: Type.String(),
    name: Type.Optional(Type.String()),
    text: Type.String({ description: 'What was found, with its numbers' }),
    action: Type.Optional(Type.String({ description: 'What to do about it' })),
  },
  { additionalProperties: false },
);

const NoticePartAnswer = Type.Object(
  {
    title: Type.String(),
    lines: Type.Array(Type.String()),
    jobs: Type.Array(NoticeJobAnswer),
    more_jobs: Count('Further jobs, which are not named'),
  },
  { additionalProperties: false },
);

/** What a notice says. */
export const NOTICE_TEXT = {
  policy: Type.String({ description: 'Name of the policy; `digest` for the weekly digest' }),
  audience: Choice(AUDIENCES, 'Who is told'),
  name: Type.String({ description: 'The user or coordinator; empty for the administrators' }),
  time: Time('When it was decided'),
  subject: Type.String(),
  says: Type.String({ description: 'What the site says about it' }),
  parts: Type.Array(NoticePartAnswer),
};

const DeliveryAnswer = Type.Object(
  {
    way: Choice(WAYS.filter((way) => way !== 'page')),
    state: Choice(DELIVERY_STATES),
    tries: Count('Attempts so far'),
    error: Type.Optional(Type.String({ description: 'Why the last attempt failed' })),
  },
  { additionalProperties: false },
);

export const NoticeAnswer = Type.Object(
  {
    number: Count('Grows with each notice'),
    ...NOTICE_TEXT,
    deliveries: Type.Array(DeliveryAnswer, { description: 'Empty for a notice on the page alone' }),
  },
  { $id: 'Notice', additionalProperties: false },
);
export type NoticeAnswer = Wire<typeof NoticeAnswer>;

export const NoticesAnswer = Type.Object(
  {
    user: Type.String({ description: 'Whose notices these are' }),
    digest: Type.Boolean({
      description: 'Whether the user gets the weekly digest, where the site sends one',
    }),
    notices: Type.Array(NoticeAnswer, { description: 'Newest first' }),
  },
  { $id: 'Notices', additionalProperties: false },
);
export type NoticesAnswer = Wire<typeof NoticesAnswer>;

/** Renders what a notice says. */
export const renderNoticeText = ({ policy, audience, name, timeMs, subject, says, parts }: Notice) => ({
  ...{ policy, audience, name, time: formatTime(timeMs), subject, says },
  parts: parts.map(({ title, lines, jobs, more }) => ({
    title,
    lines: [...lines],
    jobs: jobs.map(({ id, ...job }) => ({ job_id: id, ...job })),
    more_jobs: more,
  })),
});

export const renderNotice = (notice: StoredNotice): NoticeAnswer => ({
  number: notice.number,
  ...renderNoticeText(notice),
  deliveries: notice.deliveries.map((delivery) => ({ ...delivery })),
});

const NOTICE_PARAMETERS = [
  queryParameter(
    'user',
    'Whose notices; your own by default, others only for administrators',
    Type.String({ minLength: 1, maxLength: 256 }),
  ),
  queryParameter(
    'limit',
    'Most notices of a page',
    Type.Integer({ minimum: 1, maximum: MAX_NOTICES, default: DEFAULT_NOTICES }),
  ),
  queryParameter(
    'before',
    'Number of the last notice of the page before; the newest notices by default',
    Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  ),
];
export const NOTICE_PARAMETER_NAMES = NOTICE_PARAMETERS.map(({ name }) => name);

export const LIST_NOTICES = operation({
  id: 'listNotices',
  method: 'GET',
  path: '/v1/notices',
  tag: 'Cluster',
  access: 'read',
  summary: 'List what policies told a user, newest first',
  parameters: NOTICE_PARAMETERS,
  answers: { 200: { schema: NoticesAnswer, means: 'One page of notices' } },
  errors: ['validation_error', 'forbidden', 'unavailable'],
  repeatable: 'always',
});
