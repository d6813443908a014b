import { type TSchema, Type } from '@sinclair/typebox';
import type { ErrorCode } from '../domain/errors.ts';
import { CpuUsage, GpuUsage, JobStateBody, MemoryUsage } from '../domain/job.ts';
import { ERROR_STATUS } from './errors.ts';

// What the published document says of the answers. They are not checked while serving (that would cost as much as
// making them): a test holds real answers against the document.

const named = (schema: string) => Type.Unsafe({ $ref: `#/components/schemas/${schema}` });
const Time = (description: string) => Type.String({ format: 'date-time', description });

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
  Job: Type.Object(
    {
      id: Type.String(),
      user: Type.String(),
      nodes: Type.Array(Type.String()),
      state: JobStateBody,
      start_time: Time('When the job started'),
      end_time: Type.Optional(Time('Present once the job has ended')),
      runtime_seconds: Type.Optional(
        Type.Number({ minimum: 0, description: 'Present once the job has ended' }),
      ),
      cpu_usage: CpuUsage,
      memory_usage_mb: Type.Integer({
        minimum: 0,
        description: 'Memory in megabytes, summed over the nodes',
      }),
      gpu_usage: Type.Optional(GpuUsage),
    },
    { additionalProperties: false },
  ),
  JobList: Type.Object(
    {
      jobs: Type.Array(named('Job')),
      total: Type.Integer({ minimum: 0, description: 'All jobs that match, on every page' }),
      limit: Type.Integer(),
      offset: Type.Integer(),
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

/** A parameter of the path or the query. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly description: string;
  readonly schema: TSchema;
}

export const JOB_ID: Parameter = {
  name: 'jobId',
  in: 'path',
  required: true,
  description: 'Job identifier, percent-encoded',
  schema: Type.String(),
};

export const queryParameter = (name: string, description: string, schema: TSchema): Parameter => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
});

interface Operation {
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  /** The answers that are no errors: status, schema (none for an empty answer) and what it means. */
  readonly answers: Readonly<
    Record<number, { schema?: keyof typeof SCHEMAS | TSchema; type?: string; means: string }>
  >;
  readonly errors: readonly ErrorCode[];
}

/** The `detail` of a route: everything of its place in the published document but the body, which the route declares. */
export function operation({ operationId, tag, summary, parameters = [], answers, errors }: Operation) {
  const responses: Record<string, object> = {};
  for (const [status, { schema, type = 'application/json', means }] of Object.entries(answers)) {
    const content = schema && { [type]: { schema: typeof schema === 'string' ? named(schema) : schema } };
    responses[status] = { description: means, ...(content && { content }) };
  }
  const codes = Map.groupBy<number, ErrorCode>([...errors, 'internal_error'], (code) => ERROR_STATUS[code]);
  for (const [status, list] of codes) {
    const example = { error: list[0], message: 'One sentence that says what was wrong.' };
    responses[status] ??= {
      description: list.join(' or '),
      content: { 'application/json': { schema: named('Error'), example } },
    };
  }
  return {
    operationId,
    tags: [tag],
    summary,
    parameters: [...parameters] as never[],
    responses: responses as never,
  };
}
