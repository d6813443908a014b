import { expect, test } from 'bun:test';
import { addRows, NO_ROWS } from '../../../src/store/copy/checksum.ts';
import type { Row } from '../../../src/store/copy/side.ts';

const FIRST: Row = [1, 'a', null];
const SECOND: Row = [2, '', Uint8Array.of(1)];
const THIRD: Row = [3, '|t1:a', -0];
const rows = [FIRST, SECOND, THIRD];

test('a checksum depends on values and their order, and not on pages or the sign of zero', () => {
  const whole = addRows(NO_ROWS, rows, 0);
  expect(addRows(addRows(NO_ROWS, [FIRST], 0), [SECOND, THIRD], 1)).toBe(whole);
  expect(addRows(NO_ROWS, [FIRST, SECOND, [3, '|t1:a', 0]], 0)).toBe(whole);
  const others: readonly Row[] = [
    ['1', 'a', null],
    [1, 'a', ''],
    [1, null, 'a'],
    [1, 'a|_'],
    [1.5, 'a', null],
    [1, Uint8Array.of(97), null],
  ];
  const sums = others.map((other) => addRows(NO_ROWS, [other, SECOND, THIRD], 0));
  sums.push(
    whole,
    addRows(NO_ROWS, [SECOND, FIRST, THIRD], 0),
    addRows(NO_ROWS, [FIRST, SECOND], 0),
    NO_ROWS,
  );
  expect(new Set(sums).size).toBe(sums.length);
});
