import { Type } from '@sinclair/typebox';
import { Choice, type Wire } from './field.ts';
import { operation } from './operation.ts';

const CompletionBody = Type.Object(
  {
    jobid: Type.Integer({ minimum: 1 }),
    state: Type.String({ description: 'State in which the run ended, as Slurm names it' }),
    '@end': Type.String({ description: 'End of the run as Slurm writes it: UTC, without a zone' }),
  },
  {
    example: {
      ...{ jobid: 4712, username: 'alice', nodes: 'node[01-02]', state: 'COMPLETED', exit_code: '0:0' },
      ...{ '@submit': '2026-01-20T09:59:00', '@start': '2026-01-20T10:00:00', '@end': '2026-01-20T11:30:00' },
    },
  },
);

const CompletionAnswer = Type.Object(
  {
    status: Choice(['stored', 'repeated', 'ignored']),
    message: Type.String({ description: 'One sentence that says what was done' }),
  },
  { $id: 'Completion', additionalProperties: false },
);

/** slurmctld posts a record again, and holds back all later ones, until the answer is 200 or 201. */
export const renderCompletion = (
  status: 'stored' | 'repeated' | 'ignored',
  message: string,
): Wire<typeof CompletionAnswer> => ({ status, message });

const COMPLETION = {
  method: 'POST',
  tag: 'Slurm',
  access: 'ingest',
  body: {
    schema: CompletionBody,
    description: 'The document of jobcomp/elasticsearch, Slurm 21.08 and later',
  },
  answers: {
    200: { schema: CompletionAnswer, means: 'What was done with the record; stored means on disk' },
  },
  errors: ['invalid_request', 'payload_too_large', 'unsupported_media_type', 'unavailable'],
  repeatable: 'always',
} as const;

export const RECEIVE_COMPLETION = operation({
  ...COMPLETION,
  id: 'receiveCompletion',
  path: '/v1/slurm/jobcomp',
  summary:
    'Receive the record that slurmctld posts of every ended run (JobCompType=jobcomp/elasticsearch). A record that cannot be ' +
    'used is counted and also answered with 200, because slurmctld would post it for ever',
});

/** slurmctld can send no header, so that a token of the role ingest stands in the path. */
export const RECEIVE_COMPLETION_BY_TOKEN = operation({
  ...COMPLETION,
  id: 'receiveCompletionByToken',
  path: '/v1/slurm/jobcomp/:token',
  summary:
    'The same from another machine: slurmctld can send no header, so the path has a token of the role ingest',
  parameters: [
    {
      name: 'token',
      in: 'path',
      required: true,
      description: 'A token of the role ingest',
      schema: Type.String({ minLength: 1 }),
      example: 'hpo_TOKEN',
    },
  ],
});
