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

type Kind = 'name' | 'state' | 'time' | 'count' | 'percent' | 'memory' | 'duration';

/** What can stand before a colon or a comparison. */
interface Key {
  /** A figure has two parameters, `min_` and `max_` with this. */
  readonly parameter: string;
  readonly kind: Kind;
  readonly help: string;
}

export const STATES: readonly string[] = ['pending', 'running', 'completed', 'failed', 'cancelled'];

const name = (parameter: string, help: string): Key => ({ parameter, kind: 'name', help });
const figure = (parameter: string, kind: Kind, help: string): Key => ({ parameter, kind, help });

export const KEYS: Readonly<Record<string, Key>> = {
  state: { parameter: 'state', kind: 'state', help: 'State, or several with commas' },
  raw: name('raw_state', "Slurm's own state, such as timeout"),
  user: name('user', 'Owner of the job'),
  account: name('account', 'Account that is charged'),
  partition: name('partition', 'Partition'),
  qos: name('qos', 'Quality of service'),
  name: name('name', 'Name of the job; * stands for any text: train*'),
  node: name('node', 'Node, or a list such as n[1-8]'),
  array: name('array_job_id', 'Tasks of this array'),
  cluster: name('cluster', 'Cluster'),
  reason: name('reason', 'Why it waits, such as priority'),
  finding: name('finding', 'What rules found of it, such as gpu-unused'),
  severity: name('severity', 'How bad that is: harm, waste or info'),
  since: { parameter: 'since', kind: 'time', help: 'Not ended before: 2d ago, or a time' },
  until: { parameter: 'until', kind: 'time', help: 'Started by: 1h ago, or a time' },
  runtime: figure('runtime', 'duration', 'Time that it ran: runtime>2h'),
  wait: figure('wait', 'duration', 'Time from submission to start, or until now: wait>1h'),
  nodes: figure('nodes', 'count', 'Number of nodes: nodes>4, nodes:2-8'),
  cpus: figure('cpus', 'count', 'Number of CPUs: cpus>64'),
  gpus: figure('gpus', 'count', 'Number of GPUs: gpus>=1'),
  cpu: figure('cpu_usage', 'percent', 'CPU usage in percent: cpu<10, cpu:5-10'),
  mem: figure('memory_percent', 'memory', 'Memory in percent of the limit, or mem>100G'),
  gpu: figure('gpu_usage', 'percent', 'GPU usage in percent: gpu<10'),
};

/** Whether a key stands for a figure, which is compared. */
export const isFigure = ({ kind }: Key): boolean => !['name', 'state', 'time'].includes(kind);

const MAX_TERMS = 32;
const TERM = /^([a-z]+)(<=|>=|<|>|=|:)(.*)$/is;

/** Splits a filter at blanks; a value with blanks is quoted: `name:"my job"`, with `""` for a quote. */
export const splitFilter = (text: string): string[] =>
  (text.match(/(?:[^\s"]|"(?:[^"]|"")*(?:"|$))+/g) ?? []).slice(0, MAX_TERMS);

/** Reads a filter. Times such as `2d` are before `nowMs`. */
export const readFilter = (text: string, nowMs: number): Term[] =>
  splitFilter(text).map((word) => readTerm(word, nowMs));

function readTerm(text: string, nowMs: number): Term {
  const [, before = '', sign = '', after = ''] = TERM.exec(text) ?? [];
  const word = before.toLowerCase();
  const key = Object.hasOwn(KEYS, word) ? KEYS[word] : undefined;
  if (!key) {
    // An id may have an equals sign.
    if (sign === '' || sign === '=') return { text, query: { q: unquote(text) } };
    return faulty(text, `There is no filter ${word}; there are ${Object.keys(KEYS).join(', ')}.`);
  }
  const value = unquote(after);
  if (value === '') return faulty(text, `Write a value after ${word}${sign}.`);
  const read = isFigure(key) ? readFigure(key, sign, value) : readName(key, word, sign, value, nowMs);
  return typeof read === 'string' ? faulty(text, read) : { text, query: read };
}

const faulty = (text: string, fault: string): Term => ({ text, query: {}, fault });
const unquote = (text: string): string =>
  text.replace(/"((?:[^"]|"")*)(?:"|$)/g, (_, inside: string) => inside.replaceAll('""', '"'));

/** Parameters, or what is wrong. */
type Read = Record<string, string> | string;

function readName({ parameter, kind }: Key, word: string, sign: string, value: string, nowMs: number): Read {
  if (sign !== ':' && sign !== '=') return `Write ${word}:${value}; only numbers and durations are compared.`;
  if (kind === 'time') return readTime(parameter, value, nowMs);
  if (kind === 'name') return { [parameter]: value };
  const states = value.toLowerCase();
  const unknown = states.split(',').find((state) => !STATES.includes(state));
  if (unknown === undefined) return { state: states };
  return `There is no state ${unknown}; there are ${STATES.join(', ')}. States of Slurm are written raw:timeout.`;
}

const DURATION = /^(\d{1,6})(s|m|h|d|w)$/i;
const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** The service takes years of four digits from 1970 on. */
const LATEST_MS = Date.UTC(9999, 11, 31);

function readTime(parameter: string, value: string, nowMs: number): Read {
  const seconds = readDuration(value);
  const timeMs = seconds === undefined ? Date.parse(value) : Math.max(0, nowMs - 1000 * seconds);
  if (!(timeMs >= 0 && timeMs <= LATEST_MS)) return 'Write a time as 2h, 3d or 2026-01-20T10:00.';
  // Whole minutes, so that a list that is read again asks for the same.
  return { [parameter]: new Date(Math.floor(timeMs / 6e4) * 6e4).toISOString() };
}

function readDuration(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  return count && unit ? Number(count) * SECONDS[unit.toLowerCase()]! : undefined;
}

const MB: Record<string, number> = { m: 1, g: 1024, t: 1024 ** 2 };
const numberIn = (text: string, form: RegExp): number | undefined =>
  form.test(text) ? Number.parseFloat(text) : undefined;

/** How a figure is written, its largest value, and the step to the next one, which `>` excludes. */
interface Scale {
  readonly parameter: string;
  readonly read: (text: string) => number | undefined;
  readonly most: number;
  readonly step: number;
  readonly example: string;
}

function scaleOf({ parameter, kind }: Key, value: string): Scale {
  const size = kind === 'memory' ? /[mgt]b?$/i.exec(value)?.[0] : undefined;
  const [whole, decimal] = [/^\d{1,12}$/, /^\d{1,6}(\.\d{1,6})?%?$/];
  if (kind === 'count')
    return { parameter, read: (text) => numberIn(text, whole), most: 1e12, step: 1, example: '4' };
  if (kind === 'duration') return { parameter, read: readDuration, most: 1e10, step: 1, example: '2h' };
  if (size === undefined) {
    const most = kind === 'memory' ? 1e6 : 100;
    // Usage has six decimals.
    return { parameter, read: (text) => numberIn(text, decimal), most, step: 1e-6, example: '10' };
  }
  const mb = MB[size[0]!.toLowerCase()]!;
  const read = (text: string) => {
    const count = numberIn(text.replace(/[mgt]b?$/i, ''), /^\d{1,7}(\.\d{1,3})?$/);
    return count === undefined ? undefined : Math.round(count * mb);
  };
  return { parameter: 'memory_usage_mb', read, most: 1e12, step: 1, example: '100G' };
}

function readFigure(key: Key, sign: string, value: string): Read {
  const scale = scaleOf(key, value);
  const isRange = sign === ':' || sign === '=';
  const numbers = (isRange ? value.split('-') : [value]).map((text) => scale.read(text));
  const [low, high = low] = numbers;
  if (low === undefined || high === undefined || numbers.length > 2 || numbers.includes(undefined)) {
    const { example } = scale;
    return `${value} cannot be read; write it as ${example}, or as a range such as :${example}-${example}.`;
  }
  if (!isRange) return readBound(scale, sign, low, value);
  if (low > high) return `${value} runs backwards; write the smaller one first.`;
  if (high > scale.most) return `Nothing is above ${scale.most}.`;
  return { [`min_${scale.parameter}`]: String(low), [`max_${scale.parameter}`]: String(high) };
}

function readBound({ parameter, most, step }: Scale, sign: string, value: number, text: string): Read {
  const isAbove = sign.startsWith('>');
  const move = sign.endsWith('=') ? 0 : step;
  const bound = Number((value + (isAbove ? move : -move)).toFixed(6));
  if (bound < 0 || bound > most) return `Nothing is ${isAbove ? 'above' : 'below'} ${text}.`;
  return { [`${isAbove ? 'min' : 'max'}_${parameter}`]: String(bound) };
}

/** Joins the parameters of all terms: values of one name are any of them, all bounds are kept. */
export function queryOf(terms: readonly Term[]): Record<string, string> {
  const query: Record<string, string> = {};
  for (const term of terms) {
    for (const [parameter, value] of Object.entries(term.query)) {
      const known = query[parameter];
      query[parameter] = known === undefined ? value : join(parameter, known, value);
    }
  }
  return query;
}

function join(parameter: string, one: string, other: string): string {
  if (parameter.startsWith('min_')) return Number(one) > Number(other) ? one : other;
  if (parameter.startsWith('max_')) return Number(one) < Number(other) ? one : other;
  if (parameter === 'since') return one > other ? one : other;
  if (parameter === 'until') return one < other ? one : other;
  return `${one}${parameter === 'q' ? ' ' : ','}${other}`;
}

/** Writes a condition, quoted where it must be. */
export const writeTerm = (key: string, value: string): string =>
  `${key}:${/[\s"]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value}`;
