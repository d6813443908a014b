import { type Check, compileAnswerCheck } from '../api/check.ts';
import type { Schema, Wire } from '../api/field.ts';
import { ClientError } from './error.ts';

export type ReadAnswer<Value> = (answer: unknown) => Value;

/**
 * Returns a reader of answers: checks one by its schema and converts it; `bad_answer`. The check is compiled
 * on first use.
 */
export function answerReader<Described extends Schema, Value>(
  schema: Described,
  convert: (answer: Wire<Described>) => Value,
): ReadAnswer<Value> {
  let check: Check<unknown> | undefined;
  return (answer) => {
    check ??= compileAnswerCheck(schema);
    if (!check.accepts(answer)) throw unexpected(check.explain(answer, 'It'));
    try {
      return convert(answer as Wire<Described>);
    } catch (cause) {
      throw unexpected((cause as Error).message);
    }
  };
}

const unexpected = (reason: string) =>
  new ClientError('bad_answer', `The answer is not one of hpc-observe: ${reason}`);

/** Parses the text of an answer; `bad_answer` if it is not JSON. */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ClientError('bad_answer', 'The answer is not valid JSON.', { cause });
  }
}
