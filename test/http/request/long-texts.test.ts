import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { ShortenedDocument } from '../../../src/http/request/long-texts.ts';

function shorten(text: string, length = 10_000): string {
  const document = new ShortenedDocument();
  for (let at = 0; at < text.length; at += length) document.add(text.slice(at, at + length));
  return document.text;
}

test('a document without very long strings is unchanged', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), fc.integer({ min: 1, max: 50 }), (text, length) => {
      expect(shorten(text, length)).toBe(text);
    }),
  );
});

const UNITS = ['x', '\\n', '\\\\', '\\"', '\\u0041', 'ab\\u00e9', '\\\\u0041', '🧪'];
test.each(UNITS)('a very long string of %j is shortened and the fields after it are kept', (unit) => {
  for (const offset of [0, 1, 2, 3, 4, 5]) {
    const script = 'y'.repeat(offset) + unit.repeat(400_000);
    const text = `{"a":["1","${script}"],"script":"${script}","state":"FAILED"}`;
    const shortened = shorten(text, 32 * 1024);
    expect(shortened.length).toBeLessThan(300_000);
    const { a, script: kept, state } = JSON.parse(shortened);
    expect([a[0], state]).toEqual(['1', 'FAILED']);
    for (const one of [a[1], kept]) {
      // A string of backslashes alone loses all of them.
      if (unit !== '\\\\') expect(one.length).toBeGreaterThan(5000);
      expect(JSON.parse(`"${script}"`).startsWith(one)).toBe(true);
    }
  }
});
