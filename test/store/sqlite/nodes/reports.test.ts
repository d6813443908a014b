import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { nodeReportWriter, readNodeReports } from '../../../../src/store/sqlite/nodes/reports.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { nodeReport } from '../../../help/node-report.ts';

const TABLE = await Bun.file(
  new URL('../../../../src/store/sqlite/migrations/0018_node_reports.sql', import.meta.url),
).text();

test('with room for two nodes, a third takes the place of the one that was silent for longest', () => {
  const db = new Database(':memory:', { strict: true });
  db.run(TABLE);
  const writer = nodeReportWriter(db, 2);
  const save = (node: string, atMs: number) =>
    writer.save({ report: nodeReport({ node, timeMs: NOON_MS + atMs }), receivedMs: NOON_MS + atMs });
  const nodes = () => [...readNodeReports(db)].flat().map(({ report }) => report.node);
  save('a', 1);
  save('b', 2);
  save('a', 3);
  expect(nodes()).toEqual(['a', 'b']);
  save('c', 4);
  expect(nodes()).toEqual(['a', 'c']);
  writer.expire(NOON_MS + 4, () => false);
  expect(nodes()).toEqual(['c']);
  save('d', 5);
  expect(nodes()).toEqual(['c', 'd']);
});
