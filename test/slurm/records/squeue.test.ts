import { expect, test } from 'bun:test';
import { applyReport } from '../../../src/domain/match.ts';
import { createSqueueReader } from '../../../src/slurm/records/squeue.ts';
import { squeueColumns } from '../../../src/slurm/records/squeue-arguments.ts';
import { readFixture, SEPARATOR } from '../fixture.ts';

const NOW_MS = 1_795_477_830_000;
const QUEUE = readFixture('squeue.txt');
/** The columns that were requested when the outputs were recorded. */
const RECORDED = squeueColumns('').slice(0, 19);

/** Reads an output in pieces of `size` characters. */
function parseQueue(
  text: string,
  separator: string,
  nowMs: number,
  { columns = RECORDED, size = 1 << 20 } = {},
) {
  const reader = createSqueueReader(columns, separator, nowMs);
  const reports = Array.from({ length: Math.ceil(text.length / size) }, (_, piece) =>
    reader.read(text.slice(piece * size, (piece + 1) * size)),
  ).flat();
  reader.finish();
  return { reports, unreadable: reader.unreadable };
}

const reportsOf = (text: string) => parseQueue(text, SEPARATOR, NOW_MS).reports;
const reportOf = (id: string) => reportsOf(QUEUE).find((report) => report.id === id);

test('every record of a recorded output of squeue is read', () => {
  const { reports, unreadable } = parseQueue(QUEUE, SEPARATOR, NOW_MS);
  expect(unreadable).toMatchObject({ count: 0, examples: [] });
  expect(reports.map(({ id }) => id)).toEqual([
    ...['21', '19', '20', '27', '23', '33', '31', '32', '34', '22', '26'],
  ]);
});

test('every column of squeue is read into its field', () => {
  expect(reportOf('32')).toEqual({
    source: 'squeue',
    observedMs: NOW_MS,
    id: '32',
    user: 'carol',
    nodes: ['node03'],
    state: 'running',
    startTimeMs: 1_795_477_827_000,
    name: 'gpus',
    account: 'physics',
    partition: 'debug',
    qos: 'normal',
    cluster: 'testbed',
    submitTimeMs: 1_795_477_827_000,
    timeLimitSeconds: 600,
    cpus: 1,
    memoryLimitMb: 50,
    gpus: 1,
    nodeCount: 1,
    workDir: '/home/carol',
    rawState: 'RUNNING',
    restarts: 0,
  });
});

const STORIES: [story: string, id: string, fields: object, absent: readonly string[]][] = [
  [
    'has ended',
    '20',
    { state: 'completed', endTimeMs: 1_795_477_669_000, exitCode: 0, restarts: 1 },
    ['reason'],
  ],
  ['has failed', '27', { state: 'failed', exitCode: 130, reason: 'NonZeroExitCode' }, ['signal']],
  [
    'has timed out',
    '22',
    { state: 'failed', rawState: 'TIMEOUT', reason: 'TimeLimit' },
    ['exitCode', 'signal'],
  ],
  [
    'was cancelled while pending',
    '21',
    { state: 'cancelled', endTimeMs: 1_795_477_544_000 },
    ['startTimeMs', 'nodes'],
  ],
  [
    'exceeds the limit of its partition',
    '23',
    { state: 'pending', reason: 'PartitionTimeLimit', nodeCount: 1 },
    ['nodes', 'startTimeMs', 'endTimeMs', 'timeLimitSeconds'],
  ],
  ['is pending in two partitions', '26', { state: 'pending', partition: 'short,debug' }, ['nodes']],
  [
    'is a pending array',
    '33',
    { state: 'pending', arrayJobId: '33', arrayTaskLimit: 1 },
    ['arrayTaskId', 'nodes'],
  ],
  ['is a running task', '34', { state: 'running', arrayJobId: '33', arrayTaskId: 0 }, ['endTimeMs']],
  ['has two nodes', '31', { nodes: ['node01', 'node02'], nodeCount: 2, cpus: 2 }, ['endTimeMs']],
];
test.each(STORIES)('squeue reports a job that %s', (_, id, fields, absent) => {
  const report = reportOf(id);
  expect(report).toMatchObject(fields);
  for (const field of absent) expect(report).not.toHaveProperty(field);
});

test('a job name may be any text and cannot forge a record', () => {
  expect(reportOf('19')?.name).toBe('un\nder\u001fx\ty%s\\');
  expect(reportOf('31')).toMatchObject({ user: 'carol', name: 'forged|k|\n99|k|root' });
  expect(reportOf('99')).toBeUndefined();
});

/** Returns job 32's record with some columns changed. */
function record(changes: Record<number, string>): string {
  const columns = QUEUE.split(`${SEPARATOR}\n`)
    .find((text) => text.startsWith('32|'))!
    .split(SEPARATOR);
  return `${columns.map((text, column) => changes[column] ?? text).join(SEPARATOR)}${SEPARATOR}\n`;
}
const [ID, USER, STATE, START, END, NODES, TRES, RESTARTS] = [0, 2, 6, 8, 9, 11, 12, 13];

test.each([
  ['a job id of letters', { [ID]: 'abc' }],
  ['the job id 0', { [ID]: '0' }],
  ['no job id', { [ID]: '' }],
  ['a user with a line break', { [USER]: 'ca\nrol' }],
  ['no state', { [STATE]: '' }],
  ['a broken node list', { [NODES]: 'node[01-' }],
  ['too many nodes', { [NODES]: 'n[1-999999999]' }],
])('a squeue record with %s is unreadable and the next one is read', (_, changes) => {
  const { reports, unreadable } = parseQueue(record(changes) + record({}), SEPARATOR, NOW_MS);
  expect(reports.map(({ id }) => id)).toEqual(['32']);
  expect(unreadable.count).toBe(1);
  expect(unreadable.examples[0]).toEndWith('.');
});

test('an incomplete squeue record is unreadable, in the middle and at the end of the output', () => {
  const { reports, unreadable } = parseQueue(
    `slurm_load_jobs error\n${SEPARATOR}\n${record({})}32${SEPARATOR}32`,
    SEPARATOR,
    NOW_MS,
  );
  expect(reports).toHaveLength(1);
  expect(unreadable.count).toBe(2);
});

test('an empty queue has no unreadable records', () => {
  expect(parseQueue('', SEPARATOR, NOW_MS)).toMatchObject({ reports: [], unreadable: { count: 0 } });
});

test('all unreadable records are counted and the first ones quoted', () => {
  const { unreadable } = parseQueue(record({ [ID]: 'x' }).repeat(1000), SEPARATOR, NOW_MS);
  expect(unreadable.count).toBe(1000);
  expect(unreadable.examples.length).toBeLessThan(50);
});

test.each([
  ['COMPLETING', ['state', 'endTimeMs']],
  ['RUNNING', ['endTimeMs']],
  ['A_NEW_WORD', ['state', 'endTimeMs']],
])('a job that is %s in squeue has no end', (word, absent) => {
  const [report] = reportsOf(record({ [STATE]: word, [END]: '1795477900' }));
  expect(report).toMatchObject({ rawState: word, startTimeMs: 1_795_477_827_000 });
  for (const field of absent) expect(report).not.toHaveProperty(field);
});

test('the nodes of a job that is completing are those that have not finished, and not all of its own', () => {
  const nodesOf = (state: string, nodes: string) =>
    reportsOf(record({ [STATE]: state, [NODES]: nodes, [TRES]: 'cpu=3,mem=30M,node=3,billing=3' }))[0]!.nodes;
  expect(nodesOf('COMPLETING', 'node03')).toBeUndefined();
  expect(nodesOf('COMPLETING', 'node[01-03]')).toEqual(['node01', 'node02', 'node03']);
  expect(nodesOf('RUNNING', 'node03')).toEqual(['node03']);
});

test('a pending job has no start, even with nodes and an expected start', () => {
  const [report] = reportsOf(record({ [STATE]: 'REQUEUED' }));
  expect(report).toMatchObject({ state: 'pending', rawState: 'REQUEUED' });
  expect(report).not.toHaveProperty('startTimeMs');
});

test('a requeued job whose nodes are being cleaned up has not started again', () => {
  const [running] = reportsOf(record({}));
  const [between] = parseQueue(
    record({ [STATE]: 'COMPLETING', [START]: '1795477830', [END]: '1795478430', [RESTARTS]: '1' }),
    SEPARATOR,
    NOW_MS + 900,
  ).reports;
  expect(between).not.toHaveProperty('startTimeMs');
  const runs = applyReport([applyReport([], running!)[0]!.run], between!).map(({ run }) => run);
  expect(runs).toMatchObject([{ state: 'running', startTimeMs: 1_795_477_827_000, restarts: 0 }]);
});
