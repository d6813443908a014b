// The filter of the list as one line of text: `user:alice state:failed,cancelled since:2d runtime>1h`. The
// same text is in the address, so that a filter can be shared. Pure.

/** One condition of a filter, as it was written. */
export interface Term {
  readonly text: string;
  /** Its parameters of GET /v1/jobs; empty if the term is wrong. */
  readonly query: Readonly<Record<string, string>>;
  /** What is wrong and what would be right. */
  readonly fault?: string;
}

interface Key {
  readonly parameter: string;
  readonly help: string;
  readonly examples: readonly string[];
}

const STATES = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;

/** What can stand before a colon. */
export const KEYS: Readonly<Record<string, Key>> = {
  state: { parameter: 'state', help: 'State, or several', examples: STATES.map((state) => state) },
  user: { parameter: 'user', help: 'Owner of the job', examples: [] },
  account: { parameter: 'account', help: 'Account that is charged', examples: [] },
  partition: { parameter: 'partition', help: 'Partition', examples: [] },
  qos: { parameter: 'qos', help: 'Quality of service', examples: [] },
  name: { parameter: 'name', help: 'Exact name of the job', examples: [] },
  node: { parameter: 'node', help: 'Node of the job', examples: [] },
  array: { parameter: 'array_job_id', help: 'Tasks of this array', examples: [] },
  cluster: { parameter: 'cluster', help: 'Cluster', examples: [] },
  since: { parameter: 'since', help: 'Not ended before', examples: ['1h', '1d', '7d'] },
  until: { parameter: 'until', help: 'Started by', examples: ['1h', '1d'] },
};

const DURATION = /^(\d{1,6})(s|m|h|d|w)$/;
const MS: Record<string, number> = { s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7, w: 6.048e8 };
const MAX_TERMS = 32;

/** Splits a filter at blanks; a value with blanks is quoted: `name:"my job"`. */
export const splitFilter = (text: string): string[] =>
  (text.match(/[^\s"]*"[^"]*"?|\S+/g) ?? []).slice(0, MAX_TERMS);

/** Reads a filter. Times such as `2d` are before `nowMs`. */
export const readFilter = (text: string, nowMs: number): Term[] =>
  splitFilter(text).map((word) => readTerm(word, nowMs));

function readTerm(text: string, nowMs: number): Term {
  const runtime = /^runtime>=?(.*)$/.exec(text);
  if (runtime) return readRuntime(text, runtime[1]!);
  const at = text.indexOf(':');
  if (at < 0) return { text, query: { q: unquote(text) } };
  const name = text.slice(0, at).toLowerCase();
  const value = unquote(text.slice(at + 1));
  const key = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
  if (!key) return faulty(text, `There is no filter ${name}; there are ${Object.keys(KEYS).join(', ')}.`);
  if (value === '') return faulty(text, `Write a value after ${name}:.`);
  if (name === 'since' || name === 'until') return readTime(text, name, value, nowMs);
  if (name === 'state') return readStates(text, value);
  return { text, query: { [key.parameter]: value } };
}

const faulty = (text: string, fault: string): Term => ({ text, query: {}, fault });
const unquote = (text: string): string => text.replaceAll('"', '');

function readStates(text: string, value: string): Term {
  const unknown = value.split(',').find((word) => !STATES.some((state) => state === word));
  if (unknown === undefined) return { text, query: { state: value } };
  return faulty(text, `There is no state ${unknown}; there are ${STATES.join(', ')}.`);
}

function readTime(text: string, parameter: string, value: string, nowMs: number): Term {
  const [, count, unit] = DURATION.exec(value) ?? [];
  const timeMs = count && unit ? nowMs - Number(count) * MS[unit]! : Date.parse(value);
  if (Number.isNaN(timeMs)) return faulty(text, 'Write a time as 2h, 3d or 2026-01-20T10:00.');
  // Whole minutes, so that a list that is read again asks for the same.
  return { text, query: { [parameter]: new Date(Math.floor(timeMs / 6e4) * 6e4).toISOString() } };
}

function readRuntime(text: string, value: string): Term {
  if (DURATION.test(value)) return { text, query: { min_runtime: value } };
  return faulty(text, 'Write a duration such as runtime>90m or runtime>2h.');
}

/** Joins the parameters of all terms; values of the same parameter become a list. */
export function queryOf(terms: readonly Term[]): Record<string, string> {
  const query: Record<string, string> = {};
  for (const term of terms) {
    for (const [name, value] of Object.entries(term.query)) {
      query[name] = query[name] === undefined ? value : `${query[name]}${name === 'q' ? ' ' : ','}${value}`;
    }
  }
  return query;
}

/** Writes a condition, quoted where it must be. */
export const writeTerm = (key: string, value: string): string =>
  `${key}:${/\s/.test(value) ? `"${value}"` : value}`;

/** Suggests how the last word of a filter may go on: keys, and values of keys that have few. */
export function suggestTerms(text: string): { readonly text: string; readonly help: string }[] {
  const word = /\s$/.test(text) || text === '' ? '' : (splitFilter(text).at(-1) ?? '');
  const start = text.slice(0, text.length - word.length);
  const at = word.indexOf(':');
  if (at >= 0) {
    const name = word.slice(0, at);
    const examples = Object.hasOwn(KEYS, name) ? KEYS[name]!.examples : [];
    const wanted = examples.filter((value) => value.startsWith(word.slice(at + 1)));
    return wanted.map((value) => ({ text: `${start}${name}:${value}`, help: '' }));
  }
  const keys = Object.entries(KEYS).filter(([name]) => name.startsWith(word.toLowerCase()));
  return keys.map(([name, { help }]) => ({ text: `${start}${name}:`, help }));
}
