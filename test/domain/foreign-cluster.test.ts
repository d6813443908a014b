import { expect, test } from 'bun:test';
import { joinResult, splitByCluster } from '../../src/domain/foreign-cluster.ts';
import type { Report } from '../../src/domain/report.ts';

const report = (id: string, cluster?: string): Report => ({
  ...{ source: 'sacct', observedMs: 0, id },
  ...(cluster !== undefined && { cluster }),
});

test('reports that name another cluster are refused with the reason, the others are kept with their places', () => {
  const reports = [report('1', 'alpha'), report('2', 'beta'), report('3'), report('4', 'Alpha')];
  const split = splitByCluster(reports, 'alpha')!;
  expect(split.own.map(({ id }) => id)).toEqual(['1', '3', '4']);
  const refusal = { index: 2, error: 'conflict' as const, message: 'no' };
  expect(joinResult(split, { stored: 2, repeated: 0, refused: 1, refusals: [refusal] })).toEqual({
    ...{ stored: 2, repeated: 0, refused: 2 },
    refusals: [
      {
        ...{ index: 1, error: 'validation_error' },
        message:
          'The job "2" is of the cluster "beta", and this service is that of "alpha". Run a service of its own for each cluster.',
      },
      { ...refusal, index: 3 },
    ],
  });
});

test.each([
  ['alpha', [report('1', 'ALPHA'), report('2')]],
  [undefined, [report('1', 'beta')]],
  ['alpha', []],
])('in a service of %p nothing is refused of %j', (cluster, reports) => {
  expect(splitByCluster(reports, cluster)).toBeUndefined();
});
