import { Type } from '@sinclair/typebox';
import { MAX_NAMES, NAME_KINDS } from '../domain/name.ts';
import type { Wire } from './field.ts';
import { choiceParameter, operation, queryParameter } from './operation.ts';

export const NameListAnswer = Type.Object(
  { names: Type.Array(Type.String(), { maxItems: MAX_NAMES, description: 'In order' }) },
  { $id: 'NameList', additionalProperties: false },
);
export type NameListAnswer = Wire<typeof NameListAnswer>;

export const LIST_NAMES = operation({
  id: 'listNames',
  method: 'GET',
  path: '/v1/names',
  tag: 'Jobs',
  access: 'read',
  summary:
    `List the first ${MAX_NAMES} names that begin with a text, to complete a filter of jobs. Somebody who sees only their own ` +
    'jobs gets the users and accounts of those, and no nodes or partitions',
  parameters: [
    { ...choiceParameter('kind', 'What the names are of', NAME_KINDS), required: true, example: 'user' },
    queryParameter(
      'prefix',
      'What the names begin with, in the same case; all names if left out',
      Type.String({ minLength: 1, maxLength: 256 }),
    ),
  ],
  answers: { 200: { schema: NameListAnswer, means: 'Names of jobs that are or were stored' } },
  errors: ['validation_error', 'unavailable'],
  repeatable: 'always',
});
