import { expect, test } from 'bun:test';
import { applyReport } from '../../../src/domain/match.ts';
import {
  createQueueReader,
  listsColumns,
  squeueArguments,
  squeueColumns,
} from '../../../src/slurm/records/squeue.ts';
import { MARK, readFixture } from '../fixture.ts';

const NOW_MS = 1_795_477_830_000;
const QUEUE = readFixture('squeue.txt');
/** What was asked for when the outputs were recorded. */
const RECORDED = squeueColumns('').slice(0, 19);

/** The reports of an output, given in pieces of a size, and what was wrong with it. */
function parseQueue(text: string, mark: string, nowMs: number, { columns = RECORDED, size = 1 << 20 } = {}) {
  const reader = createQueueReader(columns, mark, nowMs);
  const reports = Array.from({ length: Math.ceil(text.length / size) }, (_, piece) =>
    reader.read(text.slice(piece * size, (piece + 1) * size)),
  ).flat();
  reader.finish();
  return { reports, faults: reader.faults };
}

const reportsOf = (text: string) => parseQueue(text, MARK, NOW_MS).reports;
const reportOf = (id: string) => reportsOf(QUEUE).find((report) => report.id === id);

test('every record of a real queue is read', () => {
  const { reports, faults } = parseQueue(QUEUE, MARK, NOW_MS);
  expect(faults).toMatchObject({ count: 0, first: [] });
  expect(reports.map(({ id }) => id)).toEqual([
    ...['21', '19', '20', '27', '23', '33', '31', '32', '34', '22', '26'],
  ]);
});

test('the columns go where they belong', () => {
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
    workDir: '/home/carol',
    rawState: 'RUNNING',
    restarts: 0,
  });
});

const STORIES: [story: string, id: string, told: object, untold: readonly string[]][] = [
  ['ended', '20', { state: 'completed', endTimeMs: 1_795_477_669_000, exitCode: 0, restarts: 1 }, ['reason']],
  ['failed', '27', { state: 'failed', exitCode: 130, reason: 'NonZeroExitCode' }, ['signal']],
  ['timed out', '22', { state: 'failed', rawState: 'TIMEOUT', reason: 'TimeLimit' }, ['exitCode', 'signal']],
  [
    'cancelled while it waited',
    '21',
    { state: 'cancelled', endTimeMs: 1_795_477_544_000 },
    ['startTimeMs', 'nodes'],
  ],
  [
    'waiting, for ever',
    '23',
    { state: 'pending', reason: 'PartitionTimeLimit' },
    ['nodes', 'startTimeMs', 'endTimeMs', 'timeLimitSeconds'],
  ],
  ['waiting for two partitions', '26', { state: 'pending', partition: 'short,debug' }, ['nodes']],
  ['an array that waits', '33', { state: 'pending', arrayJobId: '33' }, ['arrayTaskId', 'nodes']],
  ['a task that runs', '34', { state: 'running', arrayJobId: '33', arrayTaskId: 0 }, ['endTimeMs']],
  ['of two nodes', '31', { nodes: ['node01', 'node02'], cpus: 2, memoryLimitMb: 100 }, ['endTimeMs']],
];
test.each(STORIES)('a job that is %s', (_, id, told, untold) => {
  const report = reportOf(id);
  expect(report).toMatchObject(told);
  for (const field of untold) expect(report).not.toHaveProperty(field);
});

test('a name is any text, and writes no records', () => {
  expect(reportOf('19')?.name).toBe('un\nder\u001fx\ty%s\\');
  expect(reportOf('31')).toMatchObject({ user: 'carol', name: 'forged|k|\n99|k|root' });
  expect(reportOf('99')).toBeUndefined();
});

/** A record of the queue with some columns changed. */
function record(changes: Record<number, string>): string {
  const columns = QUEUE.split(`${MARK}\n`)
    .find((text) => text.startsWith('32|'))!
    .split(MARK);
  return `${columns.map((text, place) => changes[place] ?? text).join(MARK)}${MARK}\n`;
}
const [ID, USER, STATE, START, END, NODES, RESTARTS] = [0, 2, 6, 8, 9, 11, 13];

test.each([
  ['no number', { [ID]: 'abc' }],
  ['the number 0', { [ID]: '0' }],
  ['no id', { [ID]: '' }],
  ['a user with a line break', { [USER]: 'ca\nrol' }],
  ['no state', { [STATE]: '' }],
  ['a broken node list', { [NODES]: 'node[01-' }],
  ['too many nodes', { [NODES]: 'n[1-999999999]' }],
])('%s is a fault, and the next record is read', (_, changes) => {
  const { reports, faults } = parseQueue(record(changes) + record({}), MARK, NOW_MS);
  expect(reports.map(({ id }) => id)).toEqual(['32']);
  expect(faults.count).toBe(1);
  expect(faults.first[0]).toEndWith('.');
});

test('a record without all its columns is a fault, as is an output that breaks off', () => {
  const { reports, faults } = parseQueue(
    `slurm_load_jobs error\n${MARK}\n${record({})}32${MARK}32`,
    MARK,
    NOW_MS,
  );
  expect(reports).toHaveLength(1);
  expect(faults.count).toBe(2);
});

test('an empty queue is no fault', () => {
  expect(parseQueue('', MARK, NOW_MS)).toMatchObject({ reports: [], faults: { count: 0 } });
});

test('of many faults the first are told, and all counted', () => {
  const { faults } = parseQueue(record({ [ID]: 'x' }).repeat(1000), MARK, NOW_MS);
  expect(faults.count).toBe(1000);
  expect(faults.first.length).toBeLessThan(50);
});

test.each([
  ['COMPLETING', ['state', 'endTimeMs']],
  ['RUNNING', ['endTimeMs']],
  ['A_NEW_WORD', ['state', 'endTimeMs']],
])('%s has no end', (word, untold) => {
  const [report] = reportsOf(record({ [STATE]: word, [END]: '1795477900' }));
  expect(report).toMatchObject({ rawState: word, startTimeMs: 1_795_477_827_000 });
  for (const field of untold) expect(report).not.toHaveProperty(field);
});

test('a job that waits has no start, even with nodes and the start that Slurm expects', () => {
  const [report] = reportsOf(record({ [STATE]: 'REQUEUED' }));
  expect(report).toMatchObject({ state: 'pending', rawState: 'REQUEUED' });
  expect(report).not.toHaveProperty('startTimeMs');
});

test('a requeued job whose nodes are being cleared has not started again', () => {
  const [running] = reportsOf(record({}));
  const [between] = parseQueue(
    record({ [STATE]: 'COMPLETING', [START]: '1795477830', [END]: '1795478430', [RESTARTS]: '1' }),
    MARK,
    NOW_MS + 900,
  ).reports;
  expect(between).not.toHaveProperty('startTimeMs');
  const runs = applyReport([applyReport([], running!)[0]!.run], between!).map(({ run }) => run);
  expect(runs).toMatchObject([{ state: 'running', startTimeMs: 1_795_477_827_000, restarts: 0 }]);
});

test('columns end with the mark, and are not cut', () => {
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
])('a squeue of %p lists its columns: %p', (version, isAble) => {
  expect(listsColumns(version)).toBe(isAble);
});

test('a column that this squeue does not know is not asked for', () => {
  expect(squeueColumns('')).not.toContain('SLUID');
  expect(squeueColumns('Account AccrueTime SLUID')).toContain('SLUID');
});
