import { describe, expect, test } from 'bun:test';
import { queryOf, readFilter, splitFilter, suggestTerms, writeTerm } from '../../src/web/parts/filter.ts';

const NOW = Date.UTC(2026, 0, 20, 10, 0, 30);
const query = (text: string) => queryOf(readFilter(text, NOW));
const faults = (text: string) => readFilter(text, NOW).flatMap(({ fault }) => fault ?? []);

describe('a filter', () => {
  test.each([
    ['', {}],
    ['user:alice state:failed', { user: 'alice', state: 'failed' }],
    ['state:failed,cancelled', { state: 'failed,cancelled' }],
    ['array:4711', { array_job_id: '4711' }],
    ['name:"my job" x', { name: 'my job', q: 'x' }],
    ['runtime>90m', { min_runtime: '90m' }],
    ['runtime>=2h', { min_runtime: '2h' }],
    ['since:2d', { since: '2026-01-18T10:00:00.000Z' }],
    ['until:2026-01-20T08:00Z', { until: '2026-01-20T08:00:00.000Z' }],
    ['user:alice user:bob', { user: 'alice,bob' }],
    ['USER:alice', { user: 'alice' }],
  ])('%j asks for %j', (text, wanted) => {
    expect(query(text)).toEqual(wanted);
  });

  test.each([
    ['owner:alice', 'There is no filter owner'],
    ['constructor:x', 'There is no filter constructor'],
    ['state:broken', 'There is no state broken'],
    ['user:', 'Write a value after user:.'],
    ['since:yesterday', 'Write a time'],
    ['runtime>long', 'Write a duration'],
  ])('%j says what is wrong, and asks for nothing', (text, fault) => {
    expect(faults(text)).toEqual([expect.stringContaining(fault)]);
    expect(query(text)).toEqual({});
  });

  test('has at most 32 terms', () => {
    expect(splitFilter('a '.repeat(100))).toHaveLength(32);
  });

  test('that is written is read back', () => {
    expect(query(writeTerm('name', 'my job'))).toEqual({ name: 'my job' });
    expect(writeTerm('user', 'alice')).toBe('user:alice');
  });
});

describe('suggestions', () => {
  const texts = (text: string) => suggestTerms(text).map((one) => one.text);

  test('complete the last word', () => {
    expect(texts('user:alice st')).toEqual(['user:alice state:']);
    expect(texts('state:c')).toEqual(['state:completed', 'state:cancelled']);
  });

  test('are all keys before the first letter', () => {
    expect(texts('')).toContain('user:');
  });
});
