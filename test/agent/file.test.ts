import { expect, test } from 'bun:test';
import { parseKeyed, parseWhole, readText } from '../../src/agent/file.ts';
import { temporaryFolder } from '../help/folder.ts';

test.each([
  ['17\n', 17],
  ['0', 0],
  ['max\n', undefined],
  ['', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['12 kB', undefined],
  [undefined, undefined],
])('%j is read as the number %p', (text, number) => {
  expect(parseWhole(text)).toBe(number);
});

test('lines without a number are left out', () => {
  expect([...parseKeyed('anon 12\nfile max\n\nodd\nlow 0 1\n')]).toEqual([
    ['anon', 12],
    ['low', 0],
  ]);
});

test('a file that is not there has no text, and one that cannot be read is an error', () => {
  using folder = temporaryFolder();
  expect(readText(folder.file('none'))).toBeUndefined();
  expect(readText('/proc/self/stat/below')).toBeUndefined();
  expect(() => readText(folder.path)).toThrow('EISDIR');
});
