import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { readKeys } from '../../../src/cli/top/keyboard.ts';

test.each([
  ['\u001b[A\u001bOB', ['up', 'down'], ''],
  ['q/ü計\r', ['q', '/', 'ü', '計', 'enter'], ''],
  ['\u001b[5~\u001b[6~\u001b[1~', ['page-up', 'page-down', 'home'], ''],
  ['\u0003\u007f\u0015', ['ctrl-c', 'backspace', 'ctrl-u'], ''],
  ['a\u001b', ['a'], '\u001b'],
  ['a\u001b[1;5', ['a'], '\u001b[1;5'],
  ['\u001b[1;5Ax', ['x'], ''],
  ['\u0000\u0002', [], ''],
])('%j is the keys %j', (text, keys, rest) => {
  expect(readKeys(text)).toEqual({ keys, rest });
});

test('keys are the same however the terminal cuts what it sends', () => {
  const one = fc.constantFrom('\u001b[A', '\u001bOH', 'x', '\r', '\u001b[6~', '計');
  fc.assert(
    fc.property(fc.array(one), fc.nat(40), (sent, at) => {
      const text = sent.join('');
      const first = readKeys(text.slice(0, at));
      const second = readKeys(first.rest + text.slice(at));
      // A surrogate pair is never cut, because bytes are decoded before.
      expect([...first.keys, ...second.keys]).toEqual([...readKeys(text).keys]);
    }),
  );
});
