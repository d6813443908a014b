import { parseDuration } from '../domain/time.ts';

// The kinds of values: how a text is parsed (undefined if it is not valid), and what a valid one is.

export const text = { expects: 'a text that is not empty', parse: (value: string) => value || undefined };

/** A text, or null if it is empty. */
export const optionalText = { expects: 'a text', parse: (value: string) => value || null };

/** The URL of a service, or a unix socket as `unix:PATH`; null if it is empty. */
export const place = {
  expects:
    'a URL such as http://head-node:8080, several with commas between them, or unix:/run/hpc-observe/http.sock',
  parse: (value: string): string | null | undefined => {
    if (value === '') return null;
    if (/^unix:\/./.test(value)) return value;
    const urls = value.split(',').map((url) => url.trim().replace(/\/+$/, ''));
    return urls.every((url) => /^https?:\/\//.test(url) && URL.canParse(url)) ? urls.join(',') : undefined;
  },
};

/**
 * Words with commas between them; blanks around them are dropped. A flag may also be repeated, and a file may
 * have an array. `isWord` says which words are valid.
 */
export const list = (expects: string, isWord: (word: string) => boolean) => ({
  isList: true as const,
  expects,
  parse: (value: string): readonly string[] | undefined => {
    const words = value === '' ? [] : value.split(',').map((word) => word.trim());
    return words.every((word) => word !== '' && isWord(word)) ? words : undefined;
  },
});

export const switched = {
  expects: 'true or false',
  parse: (value: string) => (value === 'true' ? true : value === 'false' ? false : undefined),
};

/** A whole number in a range. */
export const integer = (min: number, max: number) => ({
  expects: `a whole number from ${min} to ${max}`,
  parse: (value: string) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    return number >= min && number <= max ? number : undefined;
  },
});

/** One of several words. */
export const choice = <Choice extends string>(...choices: readonly Choice[]) => ({
  choices,
  expects: `one of ${choices.join(', ')}`,
  parse: (value: string) => choices.find((one) => one === value),
});

/** Milliseconds. */
export const duration = {
  expects: 'a duration such as 90s, 15m, 36h, 30d or 2y',
  parse: (value: string) => parseDuration(value),
};

/** Milliseconds, or null for `keep`: forever. */
export const retention = {
  expects: 'a duration such as 36h, 30d or 2y, or keep',
  parse: (value: string): number | null | undefined => (value === 'keep' ? null : parseDuration(value)),
};

const SHORTEST_INTERVAL_MS = 1000;
const LONGEST_INTERVAL_MS = 3_600_000;

/**
 * Milliseconds between two runs of a command: neither so
 * short that it always runs, nor so long that it is useless.
 */
export const interval = {
  expects: 'a duration from 1s to 1h',
  parse: (value: string) => {
    const ms = parseDuration(value);
    return ms !== undefined && ms >= SHORTEST_INTERVAL_MS && ms <= LONGEST_INTERVAL_MS ? ms : undefined;
  },
};

/** An address of http or https without its final slash, or null if it is empty. */
export const publicUrl = {
  expects: 'an address such as https://portal.example.org/hpc-observe',
  parse: (value: string): string | null | undefined => {
    if (value === '') return null;
    const url = URL.parse(value);
    if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) return undefined;
    const path = pathPrefix.parse(url.pathname);
    return path === undefined ? undefined : url.origin + path;
  },
};

/** A path without its final slash; empty for the root. Browsers would take others for another path. */
export const pathPrefix = {
  expects: 'a path such as /hpc-observe, of letters, digits, dots, hyphens, underscores and tildes',
  parse: (value: string) => {
    const path = value.replace(/\/$/, '');
    return /^(\/(?!\.{1,2}(\/|$))[\w.~-]+)*$/.test(path) ? path : undefined;
  },
};
