import { expect, test } from 'bun:test';
import { quote } from '../../src/domain/errors.ts';

test.each([
  ['plain', '"plain"'],
  ['a"b\nc', '"a\\"b\\nc"'],
  ['\u0000', '"\\u0000"'],
  ['x'.repeat(80), `"${'x'.repeat(80)}"`],
  ['x'.repeat(81), `"${'x'.repeat(80)}…"`],
])('%j is quoted as %s', (text, quoted) => {
  expect(quote(text)).toBe(quoted);
});
