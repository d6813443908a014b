import { expect, test } from 'bun:test';
import { splitShellLine } from '../../../src/cli/completion/shell-line.ts';

test.each([
  ['', [], '', ''],
  ['a', [], 'a', ''],
  ['a ', ['a'], '', ''],
  ["a  'b c' d", ['a', 'b c'], 'd', ''],
  ["a 'b c", ['a'], 'b c', "'"],
  ['a "b \\" $x', ['a'], 'b " $x', '"'],
  ['a x\'y\'"z"', ['a'], 'xyz', ''],
  ['a b\\ c\\>', ['a'], 'b c>', ''],
  ["a '' b", ['a', ''], 'b', ''],
  ['a\\', [], 'a', ''],
])('%j is split as a shell does', (line, before, word, quote) => {
  expect(splitShellLine(line)).toEqual({ before, word, quote });
});
