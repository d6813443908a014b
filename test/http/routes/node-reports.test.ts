import { expect, test } from 'bun:test';
import { renderNodeReport } from '../../../src/api/node-report.ts';
import type { ReceivedReport } from '../../../src/domain/node-report.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { NOON_MS } from '../../help/clock.ts';
import { nodeReport } from '../../help/node-report.ts';
import { startService } from '../../help/service.ts';

const REPORT = renderNodeReport(nodeReport());
const JOB = { id: 'a', user: 'alice', nodes: ['n1'] };
const ROWS = { samples: [{ job_id: 'a', cpu_usage: 1, memory_usage_mb: 2 }] };
const COLUMNS = { columns: { job_id: ['a'], cpu_usage: [1], memory_usage_mb: [2] } };

async function reportsOf(store: Store): Promise<ReceivedReport[]> {
  return (await Array.fromAsync(store.nodeReports())).flat();
}

async function startWithJob() {
  const service = await startService();
  await service.send('POST', '/v1/jobs', JOB);
  return service;
}

test.each([
  ['beside rows', ROWS, 1],
  ['beside columns', COLUMNS, 1],
  ['beside no rows', { samples: [] }, 0],
  ['alone', {}, 0],
])('a report %s is stored with the time of its arrival', async (_, body, stored) => {
  await using service = await startWithJob();
  service.clock.advance(250);
  const answer = await service.send('POST', '/v1/samples', { ...body, report: REPORT });
  expect([answer.status, answer.json]).toEqual([200, { stored, repeated: 0, refused: 0, errors: [] }]);
  expect(await reportsOf(service.store)).toEqual([{ report: nodeReport(), receivedMs: NOON_MS + 250 }]);
});

test('a report at fault is left out and explained, and the samples beside it are stored', async () => {
  await using service = await startWithJob();
  const report = { ...REPORT, jobs: -1 };
  const { status, json } = await service.send('POST', '/v1/samples', { ...ROWS, report });
  expect([status, json.stored]).toEqual([200, 1]);
  expect(json.report_error).toStartWith('report: jobs must');
  const late = { ...REPORT, timestamp: 'yesterday' };
  const second = await service.send('POST', '/v1/samples', { ...COLUMNS, report: late });
  expect(second.json.report_error).toContain('report.timestamp must be an ISO 8601 time');
  expect(await reportsOf(service.store)).toEqual([]);
});

test.each([
  [{ report: { ...REPORT, version: 5 } }, 'report: version must'],
  [{ samples: [], report: 'n1' }, 'report: It must'],
  [{ report: [] }, 'The body must be an object'],
])('a report at fault without samples is refused', async (body, message) => {
  await using service = await startWithJob();
  const { status, json } = await service.send('POST', '/v1/samples', body);
  expect([status, json.error]).toEqual([400, 'validation_error']);
  expect(json.message).toStartWith(message);
});

test('a report that is null, or has null for what is unknown, says nothing there', async () => {
  await using service = await startWithJob();
  await service.send('POST', '/v1/samples', { ...ROWS, report: null });
  expect(await reportsOf(service.store)).toEqual([]);
  const report = { ...REPORT, load1: null, gpus: [{ gpu: 'GPU-1', power_watts: null }] };
  expect((await service.send('POST', '/v1/samples', { report })).status).toBe(200);
  const [stored] = await reportsOf(service.store);
  expect(stored!.report.values.load1).toBeUndefined();
  expect(stored!.report.gpus).toEqual([{ gpu: 'GPU-1' }]);
});

test('the largest report is stored beside a batch that is cut into pieces', async () => {
  await using service = await startWithJob();
  const many = <Item>(make: (index: number) => Item) => Array.from({ length: 64 }, (_, index) => make(index));
  const report = {
    ...REPORT,
    gpus: many((index) => ({ ...REPORT.gpus![0], gpu: `GPU-${'x'.repeat(32)}${index}` })),
    collectors: many((index) => ({ name: `collector-${index}`, message: 'm'.repeat(512) })),
  };
  const at = (index: number) => new Date(NOON_MS - 1000 * index).toISOString();
  const samples = Array.from({ length: 5000 }, (_, index) => ({ ...ROWS.samples[0], timestamp: at(index) }));
  const { json } = await service.send('POST', '/v1/samples', { samples, report });
  expect(json).toEqual({ stored: 5000, repeated: 0, refused: 0, errors: [] });
  expect((await reportsOf(service.store))[0]!.report.gpus).toHaveLength(64);
});
