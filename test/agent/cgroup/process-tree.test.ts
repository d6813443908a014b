import { expect, test } from 'bun:test';
import { parseAnonymousBytes, parseStat } from '../../../src/agent/cgroup/process-tree.ts';

const FIELDS = 'S 811 1 1 0 -1 4194560 100 200 0 0 2000 100 50 5 20 0 8 0 9002 1000000 200 184467';

test('a process is read whatever its name is', () => {
  expect(parseStat(`812 (odd ) (na\nme) ${FIELDS}`)).toEqual({
    pid: 812,
    name: 'odd ) (na\nme',
    parent: 811,
    userSeconds: 20,
    systemSeconds: 1,
    childUserSeconds: 0.5,
    childSystemSeconds: 0.05,
    threads: 8,
    startTicks: 9002,
  });
});

test.each(['', '812', '812 (name', '812 (name) S 1', 'x (name) S 1 1 1'])('%j is no process', (text) => {
  expect(parseStat(text)).toBeUndefined();
});

test('anonymous memory is in kibibytes, and kernel threads have none', () => {
  expect(parseAnonymousBytes('Name:\ta\nRssAnon:\t    2000 kB\nThreads:\t1\n')).toBe(2_048_000);
  expect(parseAnonymousBytes('Name:\tkworker\nThreads:\t1\n')).toBeUndefined();
});
