import { Type } from '@sinclair/typebox';
import { invalid } from '../domain/errors.ts';
import { MAX_NODES, type NewJob } from '../domain/job.ts';
import { DetailFields, readDetails, renderDetails } from './detail.ts';
import { WRITE_ERRORS } from './error.ts';
import { Identity, JobId, type Wire } from './field.ts';
import { JobAnswer } from './job.ts';
import { operation } from './operation.ts';

export const NewJobBody = Type.Object(
  {
    id: JobId('Unique job id'),
    user: Identity('User who owns the job'),
    nodes: Type.Array(Identity('Node name'), {
      minItems: 1,
      maxItems: MAX_NODES,
      // Published as `uniqueItems`; TypeBox would check that
      // with a hash that takes a second for 100,000 names.
      distinct: true,
      description: 'Nodes of the job; samples that name no node belong to the first one',
    }),
    ...DetailFields,
  },
  {
    additionalProperties: false,
    example: { id: 'job-001', user: 'alice', nodes: ['node-01', 'node-02'], name: 'train' },
  },
);
type NewJobBody = Wire<typeof NewJobBody>;

/** Throws `validation_error` if a node is named twice. */
function requireDistinct(nodes: readonly string[]): void {
  if (nodes.length > 1 && new Set(nodes).size < nodes.length)
    throw invalid('nodes must not name the same node twice.');
}

export function readNewJob({ id, user, nodes, ...fields }: NewJobBody): NewJob {
  requireDistinct(nodes);
  const details = readDetails(fields);
  return { id, user, nodes, ...(details && { details }) };
}

export const renderNewJob = ({ id, user, nodes, details }: NewJob): NewJobBody => ({
  id,
  user,
  nodes,
  ...(details && renderDetails(details)),
});

export const CREATE_JOB = operation({
  id: 'createJob',
  method: 'POST',
  path: '/v1/jobs',
  tag: 'Jobs',
  access: 'admin',
  summary: 'Create a job that starts now',
  body: { schema: NewJobBody },
  answers: { 201: { schema: JobAnswer, means: 'The job, on disk' } },
  errors: [...WRITE_ERRORS, 'conflict'],
  repeatable: 'never',
});
