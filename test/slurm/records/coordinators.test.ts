import { expect, test } from 'bun:test';
import { parseCoordinators } from '../../../src/slurm/records/coordinators.ts';

test('coordinators have the accounts that sacctmgr lists with them', () => {
  const text = 'optics|alice\nphysics|alice,bob\nroot|\n\n';
  expect(parseCoordinators(text)).toEqual(
    new Map([
      ['alice', ['optics', 'physics']],
      ['bob', ['physics']],
    ]),
  );
});

test('output without coordinators, or that is no table, gives none', () => {
  expect(parseCoordinators('')).toEqual(new Map());
  expect(parseCoordinators('sacctmgr: something else\n')).toEqual(new Map());
});
