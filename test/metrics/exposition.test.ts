import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { escapeLabel, joinPieces, openFamily } from '../../src/metrics/exposition.ts';
import { countTurns } from '../help/turns.ts';

const ESCAPED: [value: string, escaped: string][] = [
  ['', ''],
  ['plain', 'plain'],
  ['a"b', 'a\\"b'],
  ['a\\b', 'a\\\\b'],
  ['a\nb', 'a\\nb'],
  ['\\n', '\\\\n'],
  ['\\"', '\\\\\\"'],
  ['ü🧪', 'ü🧪'],
  ['{}=, ', '{}=, '],
];
test.each(ESCAPED)('%j as a label value is %j', (value, escaped) => {
  expect(escapeLabel(value)).toBe(escaped);
});

test('an escaped label reads back as what it was, and cannot end its quotes or its line', () => {
  const readLabel = (text: string) => text.replace(/\\(.)/g, (_, sign) => (sign === 'n' ? '\n' : sign));
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('\\', '"', '\n', 'n', 'a') }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const escaped = escapeLabel(text);
      expect(readLabel(escaped)).toBe(text);
      expect(escaped).toMatch(/^([^\\"\n]|\\[\\"n])*$/);
    }),
  );
});

test('a family opens with its help and type', () => {
  expect(openFamily('x_total', 'counter', 'Some things')).toBe(
    '# HELP x_total Some things\n# TYPE x_total counter\n',
  );
});

test('pieces are joined in their order, and others have their turn in between', async () => {
  const pieces = Array.from({ length: 40 }, (_, index) => new Uint8Array(100_000 + index).fill(index));
  const turns = countTurns();
  const text = await joinPieces(pieces);
  const count = turns.stop();
  expect(Buffer.compare(text, Buffer.concat(pieces))).toBe(0);
  expect(count).toBeGreaterThan(2);
  expect(await joinPieces([])).toEqual(new Uint8Array(0));
});
