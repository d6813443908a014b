import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors';

/**
 * Explains the first fault of a value in one sentence that
 * names the field and what is allowed; never the schema.
 */
export function explainFault(fault: ValueError | undefined, whole = 'The body'): string {
  if (!fault) return 'The request is not valid.';
  const field = fault.path.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~') || whole;
  return `${field} ${describeFault(fault)}.`;
}

const FORMATS: Record<string, string> = {
  identity: 'must have 1 to 256 characters, none of them a control character',
  gpu: 'must have 1 to 128 characters, none of them a blank or a control character',
  text: 'must be well-formed Unicode without NUL characters',
};

function describeFault({ type, schema, value }: ValueError): string {
  if (typeof value === 'string' && !value.isWellFormed())
    return 'must be well-formed Unicode, without half a surrogate pair';
  switch (type) {
    case ValueErrorType.ObjectAdditionalProperties:
      return 'is not a known field';
    case ValueErrorType.ObjectRequiredProperty:
      return 'is required';
    case ValueErrorType.Union:
      return `must be one of ${schema.anyOf.map((choice: { const?: unknown }) => choice.const).join(', ')}`;
    case ValueErrorType.Literal:
      return `must be ${schema.const}`;
    case ValueErrorType.StringFormat:
      return FORMATS[schema.format] ?? `must be a ${schema.format}`;
    case ValueErrorType.StringPattern:
      // The only pattern of a body is that of a job id.
      return 'must not be "." or "..", which no URL can name';
    case ValueErrorType.StringMaxLength:
      return `must have at most ${schema.maxLength} characters`;
    case ValueErrorType.ArrayMinItems:
      return schema.minItems === 1 ? 'must not be empty' : `must have at least ${schema.minItems} entries`;
    case ValueErrorType.ArrayMaxItems:
      return `must have at most ${schema.maxItems} entries`;
    case ValueErrorType.IntegerMinimum:
    case ValueErrorType.NumberMinimum:
      return `must be at least ${schema.minimum}`;
    case ValueErrorType.IntegerMaximum:
    case ValueErrorType.NumberMaximum:
      return `must be at most ${schema.maximum}`;
    case ValueErrorType.Integer:
    case ValueErrorType.Object:
    case ValueErrorType.Array:
      return `must be an ${schema.type}`;
    default:
      return `must be a ${schema.type}`;
  }
}
