import { expect, test } from 'bun:test';
import { createRandom } from '../../../src/demo/random.ts';
import { encodeText, TextWriter } from '../../../src/http/response/text-writer.ts';

const written = (write: (out: TextWriter) => void): string => {
  const out = new TextWriter();
  out.ensure(100_000);
  write(out);
  return new TextDecoder().decode(out.take());
};

const NUMBERS = [
  0,
  -0,
  1,
  9,
  10,
  99.99,
  100,
  0.01,
  0.1,
  1.05,
  0.005,
  33.333333,
  12345.67,
  21474836.47,
  21474836.48,
  2 ** 33,
  -1.5,
  1e21,
  1e-7,
  0.1 + 0.2,
  0.000001,
  0.0000011,
  0.999999,
  2147483647.123457,
  2147483648.5,
  1e-6 / 3,
];

test.each(NUMBERS)('the number %p is written as JSON.stringify writes it', (value) => {
  expect(written((out) => out.number(value))).toBe(JSON.stringify(value));
});

test('every number with two decimals is written as JSON.stringify writes it', () => {
  const values = Array.from({ length: 10_001 }, (_, i) => i / 100);
  expect(
    written((out) => {
      for (const value of values) out.number(value);
    }),
  ).toBe(values.map(String).join(''));
});

test('random numbers with one to seven decimals are written as JSON has them', () => {
  const random = createRandom(1);
  const values = Array.from({ length: 50_000 }, (_, i) =>
    Number((random() * 10 ** (i % 10)).toFixed(1 + (i % 7))),
  );
  const text = written((out) => {
    out.ensure(values.length * 32);
    for (const value of values) {
      out.number(value);
      out.put(encodeText(' '));
    }
  });
  expect(text.trimEnd().split(' ')).toEqual(values.map(String));
});

test.each([
  0,
  1,
  999,
  59_999,
  60_000,
  Date.UTC(2026, 1, 28, 23, 59, 59, 7),
  Date.UTC(9999, 11, 31),
  8.64e15,
  -1,
])('the time %d is written as ISO 8601', (timeMs) => {
  expect(written((out) => out.time(timeMs))).toBe(new Date(timeMs).toISOString());
});

test('a text before a time is written with it, in each hour', () => {
  const times = [0, 3_599_999, 3_600_000].map((timeMs) => [timeMs, encodeText('a ')] as const);
  const text = written((out) => {
    for (const [timeMs, before] of times) out.time(timeMs, before);
    out.time(0);
  });
  const expected = times.map(([timeMs]) => `a ${new Date(timeMs).toISOString()}`);
  expect(text).toBe(`${expected.join('')}${new Date(0).toISOString()}`);
});

test('the writer grows, starts anew after take(), and gives its text away with finish()', () => {
  const out = new TextWriter();
  const long = 'x'.repeat(200_000);
  out.ensure(long.length);
  out.put(encodeText(long));
  out.drop(1);
  expect(out.take().length).toBe(199_999);
  out.put(encodeText('ü'));
  expect(new TextDecoder().decode(out.finish())).toBe('ü');
});
