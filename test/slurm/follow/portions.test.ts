import { expect, test } from 'bun:test';
import type { Report } from '../../../src/domain/report.ts';
import { cutPortions } from '../../../src/slurm/follow/portions.ts';

const reportOf = (nodes: number): Report => ({
  source: 'hook',
  observedMs: 0,
  id: '1',
  ...(nodes > 0 && { nodes: Array.from({ length: nodes }, (_, at) => `n${at}`) }),
});
const cut = (sizes: readonly number[], maxReports: number, maxNodes: number) =>
  [...cutPortions(sizes.map(reportOf), maxReports, maxNodes)].map((portion) =>
    portion.map(({ nodes }) => nodes?.length ?? 0),
  );

test.each<[sizes: number[], portions: number[][]]>([
  [[], []],
  [
    [0, 0, 0, 0],
    [[0, 0, 0], [0]],
  ],
  [
    [6, 5, 5, 1],
    [[6], [5, 5], [1]],
  ],
  [
    [1, 99, 1],
    [[1], [99], [1]],
  ],
])('reports with %j nodes are cut into portions of at most 3 reports and 10 nodes: %j', (sizes, portions) => {
  expect(cut(sizes, 3, 10)).toEqual(portions);
});
