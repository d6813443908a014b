import { describe, expect, test } from 'bun:test';
import { readStart, readyFilters, suggestTerms } from '../../src/api/filter-completion.ts';
import { KEYS, readFilter } from '../../src/api/filter-text.ts';
import type { JobAnswer } from '../../src/api/job.ts';

const job = (fields: Partial<JobAnswer>): JobAnswer => ({
  ...{ id: '1', user: 'alice', nodes: ['n1'], state: 'pending', cpu_usage: 0, memory_usage_mb: 0 },
  ...fields,
});
const JOBS = [
  job({ user: 'bob', partition: 'gpu,cpu', reason: 'Priority' }),
  job({ user: 'alice', partition: 'gpu', name: 'my job' }),
  job({ user: 'alice', state: 'failed', reason: 'TimeLimit' }),
];
const texts = (word: string, known?: string[]) => suggestTerms(word, JOBS, known).map(({ text }) => text);

describe('suggestions', () => {
  test('are all keys before the first letter, with what they mean', () => {
    expect(texts('')).toHaveLength(Object.keys(KEYS).length);
    for (const { help, isOpen } of suggestTerms('', [])) expect([help !== '', isOpen]).toEqual([true, true]);
    expect(texts('NO')).toEqual(['node:', 'nodes>']);
  });

  test.each([
    ['state:c', ['state:completed', 'state:cancelled']],
    ['state:failed,', ['state:failed,pending']],
    ['raw:time', ['raw:timeout']],
    ['finding:gpu', ['finding:gpu-unused', 'finding:gpu-low']],
    ['severity:', ['severity:waste', 'severity:harm', 'severity:info']],
    ['gpus>', ['gpus>=1', 'gpus>4']],
    ['user:', ['user:alice', 'user:bob']],
    ['user:b', ['user:bob']],
    ['user:zoe,a', ['user:zoe,alice']],
    ['partition:', ['partition:gpu', 'partition:cpu']],
    ['name:m', ['name:"my job"']],
    ['name:"my', ['name:"my job"']],
    ['reason:', ['reason:Priority']],
    ['user:nobody', []],
    ['owner:', []],
    ['cpu<7', []],
  ])('after %j begin with %j', (word, wanted) => {
    expect(texts(word).slice(0, wanted.length || 1)).toEqual(wanted);
  });

  test('have the names that the service knows, once each', () => {
    expect(texts('user:a', ['alan', 'alice'])).toEqual(['user:alice', 'user:alan']);
  });

  test('can be read as they are', () => {
    for (const key of Object.keys(KEYS)) {
      for (const sign of [':', '<', '>'])
        for (const text of texts(key + sign)) expect(readFilter(text, 0)[0]!.fault).toBeUndefined();
    }
    for (const { text } of readyFilters('my name'))
      for (const { fault } of readFilter(text, 0)) expect(fault).toBeUndefined();
  });

  test('of a word that has begun are for its last value', () => {
    expect(readStart('user:a,"b')).toEqual({ key: 'user', sign: ':', kept: 'a,', value: 'b' });
    expect(readStart('alice')).toBeUndefined();
  });
});
