import { isFigure, KEYS, STATES, writeTerm } from './filter-text.ts';
import type { JobAnswer } from './job.ts';

/** How a filter may go on. */
export interface Suggestion {
  /** What stands in the field, or is added, if it is chosen. */
  readonly text: string;
  readonly help: string;
  /** Whether a value must follow, so that the field keeps it. */
  readonly isOpen?: true;
  /** Whether it is a whole filter. */
  readonly isWhole?: true;
}

/** Filters for an empty field. `reader` is the name of the reader, if others' jobs are to be seen too. */
export const readyFilters = (reader: string | undefined): Suggestion[] =>
  [
    ...(reader === undefined ? [] : [{ text: writeTerm('user', reader), help: 'My jobs' }]),
    { text: 'state:running gpus>=1 gpu<5', help: 'Running with idle GPUs' },
    { text: 'state:running mem>90', help: 'Memory near the limit' },
    { text: 'state:pending wait>1d', help: 'Waiting longer than a day' },
    { text: 'state:failed since:1d', help: 'Failed since yesterday' },
  ].map((one) => ({ ...one, isWhole: true }));

const RAW = [
  ...['timeout', 'out_of_memory', 'node_fail', 'failed', 'preempted', 'deadline', 'boot_fail'],
  ...['cancelled', 'completed', 'completing', 'configuring', 'suspended', 'running', 'pending'],
];

/** Those that are asked for most; docs/findings.md has all. */
const FINDINGS = [
  ...['gpu-unused', 'gpu-low', 'cpu-idle', 'cpu-low', 'nodes-unused', 'memory-unused', 'time-unused'],
  ...['memory-near-limit', 'ended-by-memory', 'ended-by-time-limit', 'ended-by-node'],
];

const PERCENTS = ['<5', '<10', '<50', '>90'];
const DURATIONS = ['>10m', '>1h', '>1d', '>7d', '<5m'];

/** What often follows a key. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  state: STATES.map((state) => `:${state}`),
  raw: RAW.map((word) => `:${word}`),
  severity: [':waste', ':harm', ':info'],
  finding: FINDINGS.map((kind) => `:${kind}`),
  since: [':1h', ':1d', ':7d', ':30d'],
  until: [':1h', ':1d', ':7d'],
  runtime: DURATIONS,
  wait: DURATIONS,
  nodes: ['>1', '>8', ':1'],
  cpus: ['>1', '>64', ':1'],
  gpus: ['>=1', '>4', ':1'],
  cpu: PERCENTS,
  gpu: PERCENTS,
  mem: ['>90', '<10', '>100G'],
};

/** The values that jobs have for a key, the most frequent first. */
const VALUE: Readonly<Record<string, (job: JobAnswer) => string | readonly string[] | undefined>> = {
  user: ({ user }) => user,
  account: ({ account }) => account,
  partition: ({ partition }) => partition?.split(','),
  qos: ({ qos }) => qos,
  name: (job) => job.name,
  node: ({ nodes }) => nodes.slice(0, 8),
  array: ({ array_job_id }) => array_job_id,
  cluster: ({ cluster }) => cluster,
  reason: ({ state, reason }) => (state === 'pending' ? reason : undefined),
};

const MAX_SUGGESTIONS = 12;

/** What a word of a filter is about: its key and the value so far, after the last comma. */
export interface Started {
  readonly key: string;
  readonly sign: string;
  /** Values before the last comma, with it. */
  readonly kept: string;
  readonly value: string;
}

/** Reads a word that is being written; undefined while it has no key. */
export function readStart(word: string): Started | undefined {
  const [, key = '', sign = '', rest = ''] = /^([a-z]+)([:<>=]+)(.*)$/is.exec(word) ?? [];
  if (!Object.hasOwn(KEYS, key.toLowerCase())) return undefined;
  const at = rest.lastIndexOf(',') + 1;
  return { key: key.toLowerCase(), sign, kept: rest.slice(0, at), value: rest.slice(at).replaceAll('"', '') };
}

/**
 * Suggests how a word may go on: keys, then values, which are usual, `known` to the service, or those of the
 * jobs that are shown.
 */
export function suggestTerms(
  word: string,
  jobs: readonly JobAnswer[],
  known: readonly string[] = [],
): Suggestion[] {
  const start = readStart(word);
  if (!start) return suggestKeys(word.toLowerCase());
  const { key, sign, kept, value } = start;
  const small = value.toLowerCase();
  const usual = (USUAL[key] ?? []).filter((text) => text.startsWith(sign + small));
  if (usual.length > 0 && kept === '') return usual.map((text) => ({ text: key + text, help: '' }));
  const shown = countValues(jobs, key);
  const values = [...new Set([...shown.keys(), ...known, ...usual.map((text) => text.slice(1))])];
  return values
    .filter((one) => one.toLowerCase().startsWith(small) && one !== value)
    .slice(0, MAX_SUGGESTIONS)
    .map((one) => ({
      text: kept === '' ? writeTerm(key, one) : `${key}:${kept}${one}`,
      help: shown.has(one) ? `${shown.get(one)} shown` : '',
    }));
}

const suggestKeys = (word: string): Suggestion[] =>
  Object.entries(KEYS)
    .filter(([name]) => name.startsWith(word))
    .map(([name, key]) => ({
      text: name + (isFigure(key) ? (USUAL[name]?.[0]?.charAt(0) ?? '>') : ':'),
      help: key.help,
      isOpen: true,
    }));

/** Counts the values of the jobs that are shown, the most frequent first. */
function countValues(jobs: readonly JobAnswer[], key: string): Map<string, number> {
  const counts = new Map<string, number>();
  const valuesOf = VALUE[key] ?? (() => undefined);
  for (const value of jobs.flatMap((job) => valuesOf(job) ?? []))
    counts.set(value, (counts.get(value) ?? 0) + 1);
  return new Map([...counts].sort(([, one], [, other]) => other - one));
}
