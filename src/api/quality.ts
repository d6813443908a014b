import { Type } from '@sinclair/typebox';
import { GAP_REASONS, type Gap, type NodeQuality, type Quality } from '../domain/quality.ts';
import { formatTime } from '../domain/time.ts';
import { Choice, Time, type Wire } from './field.ts';
import { JOB_ID, operation, RUN } from './operation.ts';

const Counts = {
  expected: Type.Integer({ minimum: 0, description: 'One sample in each interval, from start to end' }),
  received: Type.Integer({ minimum: 0 }),
  interval_seconds: Type.Optional(
    Type.Number({ description: 'Typical time between two samples; absent if there are too few' }),
  ),
};

/** Names of a gap that an answer has. */
const MAX_NAMES = 20;

const GapAnswer = Type.Object(
  {
    start_time: Time('The last sample before it, or the start of the run'),
    end_time: Time('The next sample, the end of the run, or now'),
    why: Choice(
      GAP_REASONS,
      'not_yet: before the first sample; never: none at all; node_silent: these nodes only; ' +
        'all_silent: all nodes at the same time; no_more: after the last sample',
    ),
    missing: Type.Integer({ minimum: 0, description: 'Samples that were expected, of all these nodes' }),
    node_count: Type.Integer({ minimum: 1 }),
    nodes: Type.Array(Type.String(), { description: `The first ${MAX_NAMES} of them` }),
  },
  { additionalProperties: false },
);

const NodeQualityAnswer = Type.Object({ node: Type.String(), ...Counts }, { additionalProperties: false });

export const QualityAnswer = Type.Object(
  {
    job_id: Type.String(),
    ...Counts,
    nodes: Type.Array(NodeQualityAnswer),
    gaps: Type.Array(GapAnswer, {
      description: 'In order of time; the 100 that lack most samples if there are more',
    }),
  },
  { $id: 'Quality', additionalProperties: false },
);
export type QualityAnswer = Wire<typeof QualityAnswer>;

const countsOf = ({ expected, received, intervalMs }: Omit<NodeQuality, 'node'>) => ({
  expected,
  received,
  ...(intervalMs !== undefined && { interval_seconds: intervalMs / 1000 }),
});

const renderGap = ({ fromMs, toMs, why, missing, nodes }: Gap) => ({
  start_time: formatTime(fromMs),
  end_time: formatTime(toMs),
  why,
  missing,
  node_count: nodes.length,
  nodes: nodes.slice(0, MAX_NAMES),
});

export const renderQuality = (jobId: string, { nodes, gaps, ...whole }: Quality): QualityAnswer => ({
  job_id: jobId,
  ...countsOf(whole),
  nodes: nodes.map((one) => ({ node: one.node, ...countsOf(one) })),
  gaps: gaps.map(renderGap),
});

export const GET_QUALITY = operation({
  id: 'getQuality',
  method: 'GET',
  path: '/v1/jobs/:jobId/quality',
  tag: 'Samples',
  access: 'read',
  summary: 'How complete the samples of a run are: expected and received for each node, and what is missing',
  parameters: [JOB_ID, RUN],
  answers: { 200: { schema: QualityAnswer, means: 'What was expected and received' } },
  errors: ['validation_error', 'not_found', 'unavailable'],
  repeatable: 'always',
});
