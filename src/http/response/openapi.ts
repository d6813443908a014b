import { type TSchema, Type } from '@sinclair/typebox';
import { DetailFields } from '../../api/detail.ts';
import { CpuUsage, GpuUsage, JobStateBody, MemoryUsage } from '../../api/job.ts';
import { SOURCES } from '../../domain/report.ts';
import { ERROR_STATUS } from './errors.ts';

// What the published document says of the answers. They are not checked while serving (that would cost as much as
// making them): a test holds real answers against the document.

export const named = (schema: string) => Type.Unsafe({ $ref: `#/components/schemas/${schema}` });
const Time = (description: string) => Type.String({ format: 'date-time', description });

const Spread = Type.Object(
  { min: Type.Number(), mean: Type.Number(), max: Type.Number() },
  { additionalProperties: false },
);
const Load = Type.Object({ mean: Type.Number(), max: Type.Number() }, { additionalProperties: false });
const UsageSummary = Type.Object(
  {
    samples: Type.Integer({ minimum: 0, description: 'Samples ever recorded' }),
    observed_seconds: Type.Number({ minimum: 0, description: 'From the first sample to the last' }),
    cpu_usage: Type.Optional(Load),
    memory_usage_mb: Type.Optional(Load),
    gpu_usage: Type.Optional(Load),
  },
  { additionalProperties: false },
);
const NodeSummary = Type.Object(
  { node: Type.String(), ...UsageSummary.properties },
  { additionalProperties: false },
);

/** In answers a field is left out, and never null. */
const answered = (fields: Record<string, TSchema>) =>
  Object.fromEntries(
    Object.entries(fields).map(([field, { nullable: _, ...schema }]) => [field, schema as TSchema]),
  );

const JobFields = {
  id: Type.String(),
  user: Type.String(),
  nodes: Type.Array(Type.String()),
  state: JobStateBody,
  start_time: Type.Optional(Time('When the job started; absent while the scheduler has not started it')),
  end_time: Type.Optional(Time('Present once the job has ended')),
  runtime_seconds: Type.Optional(Type.Number({ minimum: 0, description: 'Present once the job has ended' })),
  cpu_usage: CpuUsage,
  memory_usage_mb: Type.Integer({
    minimum: 0,
    description: 'Memory in megabytes, summed over the nodes',
  }),
  gpu_usage: Type.Optional(GpuUsage),
  usage_time: Type.Optional(
    Time(
      'When the newest usage known was measured. Absent until somebody measured the job: cpu_usage and memory_usage_mb are 0 then',
    ),
  ),
  ...answered(DetailFields),
  state_confirmed: Type.Optional(
    Type.Boolean({
      description: 'Of an ended job of a scheduler: false while the end is not the scheduler’s own word',
    }),
  ),
};

/** The schemas that routes refer to by name. */
export const SCHEMAS = {
  Error: Type.Object(
    {
      error: Type.Union(Object.keys(ERROR_STATUS).map((code) => Type.Literal(code))),
      message: Type.String({ description: 'One sentence for a person' }),
    },
    { additionalProperties: false },
  ),
  Health: Type.Object(
    {
      status: Type.Union([Type.Literal('healthy'), Type.Literal('unhealthy')]),
      timestamp: Time('The server’s clock'),
      version: Type.String({ description: 'Version of the service' }),
    },
    { additionalProperties: false },
  ),
  Job: Type.Object(JobFields, { additionalProperties: false }),
  JobList: Type.Object(
    {
      jobs: Type.Array(named('Job')),
      total: Type.Integer({ minimum: 0, description: 'All jobs that match, on every page' }),
      limit: Type.Integer(),
      offset: Type.Integer(),
      next_cursor: Type.Optional(
        Type.String({ description: 'The cursor of the next page; absent on the last one' }),
      ),
    },
    { additionalProperties: false },
  ),
  Sample: Type.Object(
    {
      timestamp: Time('When it was measured'),
      node: Type.Optional(
        Type.String({ description: 'The node that was measured, where it is not the job’s first' }),
      ),
      cpu_usage: CpuUsage,
      memory_usage_mb: MemoryUsage,
      gpu_usage: Type.Optional(GpuUsage),
      summary: Type.Optional(
        Type.Object(
          {
            seconds: Type.Number({ description: 'Length of the span that begins at the timestamp' }),
            samples: Type.Integer({ minimum: 1 }),
            cpu_usage: Spread,
            memory_usage_mb: Spread,
            gpu_usage: Type.Optional(Spread),
          },
          {
            additionalProperties: false,
            description:
              'Present when this stands for all samples of a span; the values above are their means',
          },
        ),
      ),
    },
    { additionalProperties: false },
  ),
  JobSummary: Type.Object(
    { job_id: Type.String(), ...UsageSummary.properties, nodes: Type.Array(NodeSummary) },
    { additionalProperties: false },
  ),
  RunList: Type.Object(
    {
      job_id: Type.String(),
      runs: Type.Array(
        Type.Object(
          {
            run: Type.Integer({ minimum: 1, description: 'Number of the run, the oldest being 1' }),
            ...JobFields,
            summary: Type.Object(
              { ...UsageSummary.properties, nodes: Type.Array(NodeSummary) },
              { additionalProperties: false },
            ),
          },
          { additionalProperties: false },
        ),
      ),
    },
    { additionalProperties: false },
  ),
  EventList: Type.Object(
    {
      job_id: Type.String(),
      events: Type.Array(
        Type.Object(
          {
            time: Time('When the source looked, or when what it tells happened'),
            source: Type.Union(SOURCES.map((source) => Type.Literal(source))),
            change: Type.Object(
              {},
              {
                additionalProperties: true,
                description:
                  'The fields of the job that changed, as they are from then on; null: no longer known',
              },
            ),
          },
          { additionalProperties: false },
        ),
      ),
    },
    { additionalProperties: false },
  ),
  BatchResult: Type.Object(
    {
      stored: Type.Integer({ minimum: 0 }),
      repeated: Type.Integer({ minimum: 0, description: 'Rows that are kept already, and changed nothing' }),
      refused: Type.Integer({ minimum: 0 }),
      errors: Type.Array(
        Type.Object(
          {
            index: Type.Integer({ minimum: 0, description: 'Place of the row in the batch, from 0' }),
            error: Type.Union(
              ['validation_error', 'not_found', 'conflict'].map((code) => Type.Literal(code)),
            ),
            message: Type.String({ description: 'One sentence for a person' }),
          },
          { additionalProperties: false },
        ),
        { maxItems: 100, description: 'The first rows that were refused, in order' },
      ),
    },
    { additionalProperties: false },
  ),
  Completion: Type.Object(
    {
      status: Type.Union(['stored', 'repeated', 'ignored'].map((status) => Type.Literal(status))),
      message: Type.String({ description: 'One sentence for a person' }),
    },
    { additionalProperties: false },
  ),
  Processed: Type.Object(
    {
      status: Type.Unsafe({ type: 'string', enum: ['processed'] }),
      job_id: Type.String(),
      message: Type.String(),
    },
    { additionalProperties: false },
  ),
  SampleList: Type.Object(
    {
      job_id: Type.String(),
      samples: Type.Array(named('Sample')),
      total: Type.Integer({ minimum: 0, description: 'All samples of the range, also those over the limit' }),
    },
    { additionalProperties: false },
  ),
} satisfies Record<string, TSchema>;

/** Schemas of parameters: a time, and one of some words. */
export const TIME = Type.String({
  format: 'date-time',
  description: 'ISO 8601; a time without a zone is UTC',
});
export const anyOf = (choices: readonly string[]) =>
  Type.Union(choices.map((choice) => Type.Literal(choice)));

/** A parameter of the path or the query. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly description: string;
  readonly schema: TSchema;
  readonly example?: string;
}

export const JOB_ID: Parameter = {
  name: 'jobId',
  in: 'path',
  required: true,
  description: 'Job identifier, percent-encoded',
  schema: Type.String({ minLength: 1 }),
  example: 'job-001',
};

export const queryParameter = (name: string, description: string, schema: TSchema): Parameter => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
});

export const MAX_RUN = 1_000_000;
export const RUN = queryParameter(
  'run',
  'Which run of the job is meant, as /runs numbers them; the latest when left out',
  Type.Integer({ minimum: 1, maximum: MAX_RUN }),
);
