import { Type } from '@sinclair/typebox';
import type { Access } from '../domain/access.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { formatTime } from '../domain/time.ts';
import { Choice, type Schema } from './field.ts';

/** A parameter of the path or the query. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly description: string;
  readonly schema: Schema;
  readonly example?: string;
  /** False for a list in one parameter, separated by commas. */
  readonly explode?: false;
}

export interface Answer {
  /** Absent for an answer without a body; one with an `$id` is published under that name. */
  readonly schema?: Schema;
  /** `application/json` by default. */
  readonly type?: string;
  /** Other media types that a client may ask for. */
  readonly also?: Readonly<Record<string, Schema>>;
  readonly means: string;
}

/**
 * One request that the service answers. The routes, the OpenAPI document, the client and docs/api.md follow
 * from these.
 */
export interface Operation<Path extends string = string> {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With parameters as routers write them: `/v1/jobs/:jobId`. */
  readonly path: Path;
  readonly tag: 'Jobs' | 'Samples' | 'Cluster' | 'Slurm' | 'Access' | 'Service';
  readonly summary: string;
  /** What the caller needs. */
  readonly access: Access;
  readonly parameters?: readonly Parameter[];
  /** `type` is `application/json` by default. */
  readonly body?: { readonly schema: Schema; readonly type?: string; readonly description?: string };
  /** Successful answers, by status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Every operation may also answer `internal_error`. */
  readonly errors: readonly ErrorCode[];
  /**
   * Whether sending it twice has the effect of sending it once; `timestamped` if its rows carry their times.
   */
  readonly repeatable: 'always' | 'timestamped' | 'never';
}

/** Declares an operation; the type of its path stays exact. */
export const operation = <const Path extends string>(declared: Operation<Path>): Operation<Path> => declared;

export const JOB_ID: Parameter = {
  name: 'jobId',
  in: 'path',
  required: true,
  description: 'Job id, percent-encoded',
  schema: Type.String({ minLength: 1 }),
  example: 'job-001',
};

export const queryParameter = (name: string, description: string, schema: Schema): Parameter => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
});

export const TimeParameter = Type.String({
  format: 'date-time',
  description: 'ISO 8601; a time without a zone is UTC',
});

/** A parameter that takes one of some words. */
export const choiceParameter = (
  name: string,
  description: string,
  words: readonly string[],
  otherwise?: string,
): Parameter =>
  queryParameter(name, description, {
    ...Choice(words),
    ...(otherwise !== undefined && { default: otherwise }),
  });

/** A parameter that takes several words, separated by commas. */
export const listParameter = (name: string, description: string, words: readonly string[]): Parameter => ({
  ...queryParameter(name, description, Type.Array(Choice(words), { minItems: 1, uniqueItems: true })),
  explode: false,
});

export const MAX_RUN = 1_000_000;
export const RUN = queryParameter(
  'run',
  'Number of the run, as /runs counts them; the latest run by default',
  Type.Integer({ minimum: 1, maximum: MAX_RUN }),
);

/** Returns the path of an operation for one thing, such as a job: the one parameter of its path. */
export const pathFor = (path: string, id: string): string =>
  path.replace(/:\w+/, () => encodeURIComponent(id));

/** Query parameters by name; several values repeat the parameter, undefined leaves it out. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export const renderTime = (timeMs: number | undefined): string | undefined =>
  timeMs === undefined ? undefined : formatTime(timeMs);
