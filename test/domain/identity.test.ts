import { expect, test } from 'bun:test';
import { Value } from '@sinclair/typebox/value';
import fc from 'fast-check';
import { Identity } from '../../src/api/field.ts';
import { isIdentity } from '../../src/domain/identity.ts';

const CASES: [text: string, is: boolean][] = [
  ['', false],
  ['a', true],
  [' ', true],
  ['x'.repeat(256), true],
  ['x'.repeat(257), false],
  ['🧪'.repeat(256), true],
  ['🧪'.repeat(257), false],
  [`${'🧪'.repeat(255)}x`, true],
  [`${'x'.repeat(256)}🧪`, false],
  ['a\u0000b', false],
  ['a\u001f', false],
  ['a\u0020', true],
  ['a\u007e', true],
  ['a\u007f', false],
  ['a\u009f', false],
  ['a\u00a0', true],
  ['\ud800', false],
  ['\udc00\ud800', false],
  ['e\u0301', true],
];
test.each(CASES)('whether %j can be a name: %p', (text, is) => {
  expect(isIdentity(text)).toBe(is);
  expect(Value.Check(Identity('a name'), text)).toBe(is);
});

test('a text is a name exactly if it survives UTF-8, has 1 to 256 characters and no control characters', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    fc.string({ unit: fc.constantFrom('a', '🧪', 'ü'), minLength: 250, maxLength: 260 }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const isWhole = new TextDecoder().decode(new TextEncoder().encode(text)) === text;
      const characters = [...text];
      const expected = isWhole && characters.length >= 1 && characters.length <= 256 && !/\p{Cc}/u.test(text);
      expect(isIdentity(text)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});
