import { expect, test } from 'bun:test';
import { findLikely } from '../../src/domain/suggest.ts';

test.each([
  ['sevre', 'serve'],
  ['srve', 'serve'],
  ['SERVE', 'serve'],
  ['confg', 'config'],
  ['hlep', 'help'],
  ['backup', undefined],
  ['x', undefined],
  ['', undefined],
  ['serve'.repeat(1000), undefined],
])('%p is taken for %p', (word, likely) => {
  expect(findLikely(word, ['serve', 'config', 'slurm', 'help'])).toBe(likely);
});
