import { AppError, quote } from '../domain/errors.ts';
import { isIdentity } from '../domain/identity.ts';
import { requireTime } from '../domain/time.ts';
import { pathOf } from './url.ts';

/**
 * Reads the query of a request strictly: a parameter that is unknown or given twice is a validation error, because a
 * typo must not return everything. Each method reads one parameter, or undefined when it was not given.
 */
export function readQuery(request: Request, known: readonly string[]) {
  const parameters = new Map<string, string>();
  for (const [name, value] of pathOf(request).searchParams) {
    if (!known.includes(name)) {
      throw invalid(`${quote(name)} is not a parameter here; known are ${known.join(', ')}.`);
    }
    if (parameters.has(name)) throw invalid(`${name} is given more than once.`);
    parameters.set(name, value);
  }

  return {
    integer(name: string, { min, max, otherwise }: { min: number; max: number; otherwise: number }): number {
      const text = parameters.get(name);
      if (text === undefined) return otherwise;
      const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      if (!(value >= min && value <= max)) {
        throw invalid(`${name} must be a whole number from ${min} to ${max}, not ${quote(text)}.`);
      }
      return value;
    },

    choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
      const text = parameters.get(name);
      if (text === undefined) return undefined;
      const choice = choices.find((one) => one === text);
      if (choice === undefined)
        throw invalid(`${name} must be one of ${choices.join(', ')}, not ${quote(text)}.`);
      return choice;
    },

    identity(name: string): string | undefined {
      const text = parameters.get(name);
      if (text !== undefined && !isIdentity(text)) {
        throw invalid(`${name} must have 1 to 256 characters, none of them a control character.`);
      }
      return text;
    },

    time(name: string): number | undefined {
      const text = parameters.get(name);
      return text === undefined ? undefined : requireTime(name, text);
    },
  };
}

const invalid = (message: string) => new AppError('validation_error', message);

/** Leaves out the keys whose value is undefined, for objects whose optional fields are absent when unknown. */
export function defined<Fields extends Record<string, unknown>>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
