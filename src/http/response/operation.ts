import { ERROR_STATUS, ErrorAnswer } from '../../api/error.ts';
import type { Schema } from '../../api/field.ts';
import { MEDIA_TYPE } from '../../api/media-type.ts';
import type { Operation } from '../../api/operation.ts';
import type { Access } from '../../domain/access.ts';
import type { ErrorCode } from '../../domain/errors.ts';

/** Returns the `detail` of a route: its entry in the OpenAPI document. */
export function describe({ id, tag, summary, access, parameters = [], body, answers, errors }: Operation) {
  const responses: Record<string, object> = {};
  for (const [status, { schema, type = MEDIA_TYPE.json, also = {}, means }] of Object.entries(answers)) {
    const others = Object.entries(also).map(([other, text]) => [other, { schema: text }]);
    const content = schema && { [type]: { schema }, ...Object.fromEntries(others) };
    responses[status] = { description: means, ...(content && { content }) };
  }
  const codes = Map.groupBy<number, ErrorCode>(
    [...errors, ...refusals(access), 'internal_error'],
    (code) => ERROR_STATUS[code],
  );
  for (const [status, list] of codes) {
    const example = { error: list[0], message: 'One sentence that says what is wrong.' };
    responses[status] ??= {
      description: list.join(' or '),
      content: { [MEDIA_TYPE.json]: { schema: ErrorAnswer, example } },
    };
  }
  const { schema, type = MEDIA_TYPE.json, description } = body ?? {};
  return {
    operationId: id,
    tags: [tag],
    summary,
    security:
      access === 'public' ? [] : [...(access === 'anyone' ? [{}] : []), { token: [] }, { session: [] }],
    parameters: [...parameters] as never[],
    ...(schema && {
      requestBody: {
        required: true,
        ...(description !== undefined && { description }),
        content: { [type]: { schema: schema as object, ...examplesOf(schema) } },
      },
    }),
    responses: responses as never,
  };
}

/** Of a body of several shapes, an example of each; other bodies have theirs in the schema. */
function examplesOf({ anyOf }: Schema) {
  if (!anyOf) return {};
  const shapes = anyOf as readonly { readonly title: string; readonly example: unknown }[];
  return {
    examples: Object.fromEntries(
      shapes.map(({ title, example }) => [title.toLowerCase(), { summary: title, value: example }]),
    ),
  };
}

/** The errors of a caller who may not send the request. */
function refusals(access: Access): ErrorCode[] {
  if (access === 'public') return [];
  return access === 'anyone'
    ? ['unauthorized', 'too_many_requests']
    : ['unauthorized', 'forbidden', 'too_many_requests'];
}
