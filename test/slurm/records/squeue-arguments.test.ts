import { expect, test } from 'bun:test';
import {
  hasHelpFormat,
  squeueArguments,
  squeueColumns,
} from '../../../src/slurm/records/squeue-arguments.ts';

test('squeue ends every column with the separator, without a width', () => {
  const [format] = squeueArguments(squeueColumns(''), '|x|').slice(-1);
  expect(format).toStartWith('JobID:|x|,JobArrayID:|x|,');
  expect(format).toEndWith(',Name:|x|,WorkDir:|x|,TimeUsed:|x|,ResizeTime:|x|');
});

test.each([
  ['slurm-wlm 22.05.8', false],
  ['slurm 23.11.4', false],
  ['slurm-wlm 24.11.5', true],
  ['slurm-wlm 26.05.5', true],
  ['', false],
])('the squeue version %p has --helpFormat: %p', (version, isAble) => {
  expect(hasHelpFormat(version)).toBe(isAble);
});

test('only columns that this squeue has are requested', () => {
  expect(squeueColumns('')).not.toContain('SLUID');
  expect(squeueColumns('Account AccrueTime SLUID')).toContain('SLUID');
});
