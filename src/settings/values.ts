import { parseDuration } from '../domain/time.ts';

// What the values of settings can be: how a text is read, undefined when it is no such value, and what it has to be.

/** A whole number of a range. */
export const integer = (min: number, max: number) => ({
  expects: `a whole number from ${min} to ${max}`,
  parse: (text: string) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  },
});
/** One of some words. */
export const choice = <Choice extends string>(...choices: readonly Choice[]) => ({
  expects: `one of ${choices.join(', ')}`,
  parse: (text: string) => choices.find((one) => one === text),
});
export const text = { expects: 'a text that is not empty', parse: (value: string) => value || undefined };
/** Milliseconds. */
export const duration = {
  expects: 'a duration such as 90s, 15m, 36h, 30d or 2y',
  parse: (value: string) => parseDuration(value),
};
/** A duration, or `keep` for ever. */
export const retention = {
  expects: 'a duration such as 36h, 30d or 2y, or keep',
  parse: (value: string): { ms: number | undefined } | undefined => {
    const ms = value === 'keep' ? undefined : parseDuration(value);
    return value === 'keep' || ms !== undefined ? { ms } : undefined;
  },
};

/** Of a repetition: not so often that it is all that is done, nor so seldom that it may as well be left out. */
export const interval = {
  expects: 'a duration from 1s to 1h',
  parse: (value: string) => {
    const ms = parseDuration(value);
    return ms !== undefined && ms >= 1000 && ms <= 3_600_000 ? ms : undefined;
  },
};
