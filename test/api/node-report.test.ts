import { expect, test } from 'bun:test';
import { compileCheck } from '../../src/api/check.ts';
import { NodeReportBody, readNodeReport, renderNodeReport } from '../../src/api/node-report.ts';
import { nodeReport } from '../help/node-report.ts';

const check = compileCheck(NodeReportBody);

test.each([
  ['everything', nodeReport()],
  ['nothing that may be unknown', nodeReport({ values: {}, gpus: [], collectors: [] })],
])('a report with %s reads as it was sent', (_, report) => {
  const body = JSON.parse(JSON.stringify(renderNodeReport(report)));
  expect(check.accepts(body), check.explain(body)).toBe(true);
  expect(readNodeReport(body)).toEqual(report);
});

test('unknown fields are ignored, so that a newer agent can talk to an older server', () => {
  const body = { ...renderNodeReport(nodeReport()), kernel: '7.1' };
  expect(check.accepts(body)).toBe(true);
  expect(readNodeReport(body)).toEqual(nodeReport());
});

test('of two GPUs or collectors of one name the first counts, because a series may appear once only', () => {
  const { gpus, collectors } = readNodeReport(
    renderNodeReport(
      nodeReport({
        gpus: [{ gpu: 'a', powerWatts: 1 }, { gpu: 'b' }, { gpu: 'a', powerWatts: 2 }],
        collectors: [{ name: 'cpu', message: 'no' }, { name: 'cpu' }],
      }),
    ),
  );
  expect(gpus).toEqual([{ gpu: 'a', powerWatts: 1 }, { gpu: 'b' }]);
  expect(collectors).toEqual([{ name: 'cpu', message: 'no' }]);
});

const list = <Item>(count: number, make: (index: number) => Item) =>
  Array.from({ length: count }, (_, index) => make(index));
const BODY = renderNodeReport(nodeReport());
const FAULTS: [what: string, body: unknown][] = [
  ['65 GPUs', { ...BODY, gpus: list(65, (index) => ({ gpu: `GPU-${index}` })) }],
  ['65 collectors', { ...BODY, collectors: list(65, (index) => ({ name: `c${index}` })) }],
  ['a GPU with a long name', { ...BODY, gpus: [{ gpu: 'x'.repeat(129) }] }],
  ['a long message', { ...BODY, collectors: [{ name: 'cpu', message: 'x'.repeat(513) }] }],
  ['a control character in a model', { ...BODY, gpus: [{ gpu: 'a', model: 'x\ny' }] }],
  ['a negative value', { ...BODY, cpu_seconds: -1 }],
  ['a utilization of 101 %', { ...BODY, gpus: [{ gpu: 'a', utilization_percent: 101 }] }],
  ['no node', { ...BODY, node: '' }],
  ['no interval', { ...BODY, interval_seconds: 0 }],
  ['an endless version', { ...BODY, version: '1'.repeat(65) }],
];
test.each(FAULTS)('a report with %s is not accepted', (_, body) => {
  expect(check.accepts(body)).toBe(false);
});

test('a time that is none is explained', () => {
  expect(() => readNodeReport({ ...BODY, timestamp: 'now' })).toThrow('report.timestamp');
});
