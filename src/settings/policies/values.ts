import { findLikely } from '../../domain/suggest.ts';
import { parseDuration } from '../../domain/time.ts';
import type { TomlFile } from './toml.ts';

/** Reads the keys of one table, and gathers what is wrong with them. */
export interface TableReader {
  /** A text; undefined if the key is absent or wrong. */
  text(key: string): string | undefined;
  /** Milliseconds of a text such as `7d`. */
  duration(key: string, otherwise: number): number;
  truth(key: string): boolean;
  count(key: string): number | undefined;
  /** Texts; a single one may stand without brackets. `isWord` says which are valid, `example` is one. */
  words<Word extends string>(
    key: string,
    options: { readonly example: string; readonly isWord: (word: string) => word is Word },
  ): Word[] | undefined;
  choice<Word extends string>(key: string, words: readonly Word[]): Word | undefined;
  /** The keys of a table inside of this one, each with its texts. */
  table(key: string): [name: string, value: unknown][];
  has(key: string): boolean;
  /** Adds a fault of a key: what is wrong, and what to write. */
  fault(key: string | readonly string[], fault: string): void;
  /** Adds a fault for each key that was not asked for. To be called last. */
  refuseOthers(): void;
}

interface ReaderOptions {
  readonly file: TomlFile;
  /** The name of the file. */
  readonly name: string;
  readonly faults: string[];
}

/** Returns a reader of a table of a file; `of` names the table in faults, such as `policy "idle-gpu"`. */
export function tableReader(
  { file, name, faults }: ReaderOptions,
  path: readonly string[],
  of: string,
): TableReader {
  let values: unknown = file.value;
  for (const key of path) values = (values as Record<string, unknown> | undefined)?.[key];
  const table = isTable(values) ? values : {};
  const asked = new Set<string>();

  function take(key: string): unknown {
    asked.add(key);
    return table[key];
  }

  function fault(key: string | readonly string[], what: string): undefined {
    const keys = typeof key === 'string' ? [key] : key;
    const subject = [of, keys.join('.')].filter(Boolean).join(': ');
    faults.push(`${name}:${file.lineOf([...path, ...keys])}: ${subject} ${what}`);
  }

  const wrong = (key: string, expected: string, example: string) =>
    fault(key, `must be ${expected}, not ${show(table[key])}. Write ${key} = ${example}`);

  function text(key: string): string | undefined {
    const value = take(key);
    if (value === undefined || (typeof value === 'string' && value.trim() !== '')) return value;
    return wrong(key, 'a text', '"…"');
  }

  return {
    text,
    fault,
    has: (key) => table[key] !== undefined,

    duration(key, otherwise) {
      const value = take(key);
      if (value === undefined) return otherwise;
      const ms = typeof value === 'string' ? parseDuration(value) : undefined;
      if (ms === undefined || ms === 0) wrong(key, 'a time such as "15m", "24h" or "7d"', '"7d"');
      return ms ?? otherwise;
    },

    truth(key) {
      const value = take(key);
      if (value !== undefined && typeof value !== 'boolean') wrong(key, 'true or false', 'true');
      return value === true;
    },

    count(key) {
      const value = take(key);
      if (value === undefined) return undefined;
      if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
      return wrong(key, 'a whole number', '10');
    },

    words(key, { example, isWord }) {
      const value = take(key);
      if (value === undefined) return undefined;
      const words = (Array.isArray(value) ? value : [value]).map((word) =>
        word instanceof Date ? word.toISOString().slice(0, 10) : word,
      );
      if (words.length > 0 && words.every((word) => typeof word === 'string' && isWord(word))) return words;
      const bad = words.find((word) => typeof word !== 'string' || !isWord(word));
      return fault(
        key,
        words.length === 0
          ? `is an empty list. Leave it out, or write ${key} = ${example}`
          : `must be a list of texts such as ${example}, and ${show(bad)} is none of them. Write ${key} = ${example}`,
      );
    },

    choice(key, words) {
      const value = take(key);
      if (value === undefined) return undefined;
      const found = words.find((word) => word === value);
      return found ?? wrong(key, `one of ${words.join(', ')}`, JSON.stringify(words[0]));
    },

    table(key) {
      const value = take(key);
      if (value === undefined) return [];
      if (isTable(value)) return Object.entries(value);
      wrong(key, 'a table', '{ … }');
      return [];
    },

    refuseOthers() {
      for (const key of Object.keys(table).filter((one) => !asked.has(one))) {
        const likely = findLikely(key, [...asked]);
        fault(
          key,
          likely
            ? `is not a key. Did you mean ${likely}?`
            : `is not a key. There are: ${[...asked].join(', ')}.`,
        );
      }
    },
  };
}

export const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Shows a wrong value, and not more than a glance of it. */
export const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};
