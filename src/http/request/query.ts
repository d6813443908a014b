import { invalid, quote } from '../../domain/errors.ts';
import { isIdentity } from '../../domain/identity.ts';
import { parseDuration, requireTime } from '../../domain/time.ts';
import { pathOf } from '../url.ts';

const MAX_NAMES = 100;

/** Returns the query of a request as it is, with its question mark; empty if there is none. */
export const searchOf = (request: Request): string => pathOf(request).search;

/**
 * Parses the query of a request. Throws `validation_error` for an unknown parameter, because a typo must not
 * return everything, and for one that is given twice without being `repeatable`. Each method returns one
 * parameter, or undefined when it is absent; it throws `validation_error` for an invalid value.
 */
export function readQuery(request: Request, known: readonly string[], repeatable: readonly string[] = []) {
  const parameters = new Map<string, string[]>();
  for (const [name, value] of pathOf(request).searchParams) {
    if (!known.includes(name)) {
      throw invalid(`${quote(name)} is not a known parameter; the known ones are ${someOf(known)}.`);
    }
    const values = parameters.get(name);
    if (values && !repeatable.includes(name)) throw invalid(`${name} is given more than once.`);
    if (values) values.push(value);
    else parameters.set(name, [value]);
  }
  const single = (name: string): string | undefined => parameters.get(name)?.[0];

  return {
    integer(name: string, { min, max, otherwise }: { min: number; max: number; otherwise: number }): number {
      return this.optionalInteger(name, { min, max }) ?? otherwise;
    },

    optionalInteger(name: string, { min, max }: { min: number; max: number }): number | undefined {
      const text = single(name);
      if (text === undefined) return undefined;
      const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      if (!(value >= min && value <= max)) {
        throw invalid(`${name} must be a whole number from ${min} to ${max}, not ${quote(text)}.`);
      }
      return value;
    },

    decimal(name: string, { min, max }: { min: number; max: number }): number | undefined {
      const text = single(name);
      if (text === undefined) return undefined;
      const value = /^\d{1,16}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= max) return value;
      throw invalid(`${name} must be a number from ${min} to ${max}, not ${quote(text)}.`);
    },

    choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
      const text = single(name);
      return text === undefined ? undefined : requireChoice(name, text, choices);
    },

    /** Returns one or several choices, repeated or separated by commas, without duplicates. */
    choices<Choice extends string>(name: string, choices: readonly Choice[]): Choice[] | undefined {
      const texts = parameters.get(name)?.flatMap((text) => text.split(','));
      return texts && [...new Set(texts.map((text) => requireChoice(name, text, choices)))];
    },

    identity(name: string): string | undefined {
      const text = single(name);
      if (text !== undefined && !isIdentity(text)) throw invalid(`${name} ${IDENTITY}`);
      return text;
    },

    /** Returns one or several names as given: only the store knows whether a comma is part of a name. */
    identities(name: string, { split, isValid }: NameForm = PLAIN_NAMES): string[] | undefined {
      const texts = parameters.get(name);
      if (texts === undefined) return undefined;
      if (!texts.every((text) => isIdentity(text) || split(text).every(isValid))) {
        throw invalid(`${name} ${IDENTITY}`);
      }
      if (texts.flatMap(split).length > MAX_NAMES) {
        throw invalid(`${name} must have at most ${MAX_NAMES} names.`);
      }
      return [...new Set(texts)];
    },

    /** Returns the names of a repeated parameter, whole and without duplicates. */
    names(name: string, max: number): string[] | undefined {
      const texts = parameters.get(name);
      if (!texts?.every(isIdentity)) {
        if (texts) throw invalid(`${name} ${IDENTITY}`);
        return undefined;
      }
      if (texts.length > max) throw invalid(`${name} must be given at most ${max} times.`);
      return [...new Set(texts)];
    },

    /** Returns a text that is not empty. */
    text(name: string, maxLength = 256): string | undefined {
      const text = single(name);
      if (text !== undefined && (text === '' || [...text].length > maxLength)) {
        throw invalid(`${name} must have 1 to ${maxLength} characters.`);
      }
      return text;
    },

    time(name: string): number | undefined {
      const text = single(name);
      return text === undefined ? undefined : requireTime(name, text);
    },

    /** Returns milliseconds, from seconds or from a duration with a unit. */
    duration(name: string): number | undefined {
      const text = single(name);
      if (text === undefined) return undefined;
      const timeMs = /^\d{1,10}$/.test(text) ? Number(text) * 1000 : parseDuration(text);
      if (timeMs !== undefined) return timeMs;
      throw invalid(
        `${name} must be whole seconds or a duration such as 90s, 15m or 2h, not ${quote(text)}.`,
      );
    },

    has: (name: string): boolean => parameters.has(name),
  };
}

/** How several names in one text are told apart, and whether one of them can be a name. */
interface NameForm {
  readonly split: (text: string) => readonly string[];
  readonly isValid: (text: string) => boolean;
}
const PLAIN_NAMES: NameForm = { split: (text) => text.split(','), isValid: isIdentity };

const IDENTITY = 'must have 1 to 256 characters, none of them a control character.';

function requireChoice<Choice extends string>(
  name: string,
  text: string,
  choices: readonly Choice[],
): Choice {
  const choice = choices.find((one) => one === text);
  if (choice === undefined)
    throw invalid(`${name} must be one of ${choices.join(', ')}, not ${quote(text)}.`);
  return choice;
}

const MAX_NAMED = 30;

/** Lists names, but no more than a sentence can have. */
const someOf = (names: readonly string[]): string =>
  names.length <= MAX_NAMED
    ? names.join(', ')
    : `${names.slice(0, MAX_NAMED).join(', ')} and ${names.length - MAX_NAMED} more, which /swagger lists`;
