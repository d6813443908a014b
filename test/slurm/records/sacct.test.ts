import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../src/domain/errors.ts';
import { applyReport } from '../../../src/domain/match.ts';
import type { Report } from '../../../src/domain/report.ts';
import type { Run } from '../../../src/domain/run.ts';
import { createSacctReader } from '../../../src/slurm/records/sacct.ts';
import { JOB_14, readFixture, SEPARATOR } from '../fixture.ts';

const NOW_MS = 1_795_480_000_000;

/** Reads an output in pieces of `size` characters. */
function read(text: string, separator?: string, size = 1 << 20) {
  const reader = createSacctReader(NOW_MS, separator === undefined ? {} : { separator });
  const reports: Report[] = [];
  for (let at = 0; at < text.length; at += size) reports.push(...reader.read(text.slice(at, at + size)));
  reports.push(...reader.finish());
  return { reports, unreadable: reader.unreadable };
}

const RUNS = read(readFixture('sacct.txt'), SEPARATOR);
const runsOf = (id: string) => RUNS.reports.filter((report) => report.id === id);

test('every run of a recorded output of sacct is read, without its steps', () => {
  expect(RUNS.unreadable.examples).toEqual([]);
  expect(RUNS.reports.map(({ id }) => id).sort((a, b) => Number(a) - Number(b))).toEqual([
    ...[
      '1',
      '2',
      '3',
      '5',
      '6',
      '8',
      '9',
      '10',
      '11',
      '14',
      '17',
      '19',
      '20',
      '20',
      '22',
      '23',
      '27',
      '28',
      '28',
      '31',
    ],
  ]);
});

test('every column of sacct is read into its field', () => {
  expect(runsOf('14')).toEqual([
    {
      source: 'sacct',
      observedMs: NOW_MS,
      ...JOB_14,
    },
  ]);
});

const STORIES: [story: string, id: string, fields: object, absent: readonly string[]][] = [
  ['failed', '2', { state: 'failed', exitCode: 3 }, ['signal']],
  ['was killed by a signal', '3', { state: 'failed', signal: 11 }, ['exitCode']],
  [
    'was cancelled before its begin time',
    '5',
    { state: 'cancelled', endTimeMs: 1_795_477_402_000, cpus: 1 },
    ['startTimeMs', 'nodes'],
  ],
  [
    'was cancelled while pending',
    '17',
    { state: 'cancelled', endTimeMs: 1_795_477_414_000 },
    ['startTimeMs', 'nodes', 'exitCode'],
  ],
  [
    'was cancelled while running',
    '6',
    { state: 'cancelled', rawState: 'CANCELLED', startTimeMs: 1_795_477_404_000 },
    ['exitCode', 'signal'],
  ],
  ['exceeded its time limit', '22', { state: 'failed', rawState: 'TIMEOUT' }, ['exitCode']],
  ['is running', '31', { state: 'running', name: 'forged|k|\n99|k|root' }, ['endTimeMs']],
  [
    'is pending',
    '23',
    { state: 'pending', reason: 'PartitionConfig' },
    ['startTimeMs', 'endTimeMs', 'nodes', 'timeLimitSeconds'],
  ],
  ['had three nodes', '8', { nodes: ['node01', 'node02', 'node03'], cpus: 3 }, []],
  ['had two GPUs', '9', { gpus: 2 }, []],
  ['is a component of a heterogeneous job', '11', { nodes: ['node01'] }, ['arrayJobId']],
];
test.each(STORIES)('sacct reports a job that %s', (_, id, fields, absent) => {
  const runs = runsOf(id);
  expect(runs).toMatchObject([fields]);
  for (const field of absent) expect(runs[0]).not.toHaveProperty(field);
});

test('sacct reports two runs of a requeued job, the first one cancelled', () => {
  expect(runsOf('20')).toMatchObject([
    {
      state: 'cancelled',
      rawState: 'REQUEUED',
      startTimeMs: 1_795_477_533_000,
      endTimeMs: 1_795_477_537_000,
    },
    { state: 'completed', startTimeMs: 1_795_477_661_000, endTimeMs: 1_795_477_669_000 },
  ]);
  expect(runsOf('20')[1]).not.toHaveProperty('reason');
});

test('the record before a change of size has no size and is joined with the record after it', () => {
  const [part, whole] = runsOf('28');
  expect(part).toMatchObject({
    state: 'running',
    startTimeMs: 1_795_477_754_000,
    observedMs: 1_795_477_757_000,
    resizedMs: [1_795_477_757_000],
  });
  for (const field of ['nodes', 'nodeCount', 'cpus', 'memoryLimitMb', 'endTimeMs'])
    expect(part).not.toHaveProperty(field);
  expect(whole).toMatchObject({ state: 'completed', startTimeMs: 1_795_477_754_000, nodes: ['node01'] });
  const runs = runsOf('28').reduce<Run[]>(
    (known, report) => applyReport(known, report).map(({ run }) => run),
    [],
  );
  expect(runs).toMatchObject([{ state: 'completed', startTimeMs: 1_795_477_754_000, nodes: ['node01'] }]);
});

test.each([
  ['None assigned', undefined],
  ['node01', 'allocation'],
])('a record named allocation with the nodes %s has the job name %p', (nodes, name) => {
  const line = `7|CANCELLED|Unknown|2026-11-23T04:00:25|${nodes}|allocation|alice`;
  expect(read(`${HEADER}\n${line}\n`).reports[0]!.name).toBe(name!);
});

test.each([1, 7, 1000])('sacct output in pieces of %p characters is read like the whole', (size) => {
  expect(read(readFixture('sacct.txt'), SEPARATOR, size).reports).toEqual(RUNS.reports);
});

test('sacct output that ends within a record has one unreadable record', () => {
  const { reports, unreadable } = read(readFixture('sacct.txt').slice(0, -20), SEPARATOR);
  expect(unreadable.count).toBe(1);
  expect(reports).toHaveLength(RUNS.reports.length - 1);
});

test('a saved output of sacct is read by its header, without its steps', () => {
  const { reports, unreadable } = read(readFixture('sacct-saved.txt'));
  expect(unreadable.examples).toEqual([]);
  expect(reports.map(({ id, rawState }) => `${id} ${rawState}`)).toEqual([
    ...['1 COMPLETED', '4 REQUEUED', '18 FAILED', '4 COMPLETED', '14 OUT_OF_MEMORY', '21 COMPLETED'],
  ]);
  expect(reports[2]).toMatchObject({
    arrayJobId: '8',
    arrayTaskId: 3,
    exitCode: 1,
    user: 'alice',
    startTimeMs: Date.UTC(2026, 10, 23, 3, 59, 32),
    timeLimitSeconds: 600,
  });
  expect(reports[4]).not.toHaveProperty('signal');
});

const HEADER = 'JobIDRaw|State|Start|End|NodeList|JobName|User';
const LINE = '7|COMPLETED|2026-11-23T03:59:25|2026-11-23T04:00:25|node01|name|alice';

test.each([
  ['as it is', `${HEADER}\n${LINE}\n`],
  ['without a final line break', `${HEADER}\n${LINE}`],
  ['with Windows line ends and blank lines', `\r\n${HEADER}\r\n\r\n${LINE}\r\n\r\n`],
  ['with a separator at the end (-p)', `${HEADER}|\n${LINE}|\n`],
  ['with another separator', `${HEADER}\n${LINE}\n`.replaceAll('|', ';')],
  ['with repeated headers', `${HEADER}\n${HEADER}\n${LINE}\n${HEADER}\n`],
])('a saved output of sacct is read %s', (_, text) => {
  const { reports, unreadable } = read(text);
  expect(unreadable.count).toBe(0);
  expect(reports).toMatchObject([{ id: '7', user: 'alice', name: 'name', endTimeMs: 1_795_406_425_000 }]);
});

test('a job name that contains separators is put together again', () => {
  const { reports, unreadable } = read(`${HEADER}\n${LINE.replace('name', 'a|b||c')}\n`);
  expect(unreadable.count).toBe(0);
  expect(reports).toMatchObject([{ name: 'a|b||c', user: 'alice' }]);
});

describe('a saved record with SubmitLine', () => {
  const ALL = 'JobIDRaw|JobName|NodeList|Start|State|Submit|SubmitLine|Suspended|End|User|WorkDir';
  const row = (name: string, script: string) =>
    `7|${name}|node01|2026-11-23T03:59:25|COMPLETED|2026-11-23T03:59:20|sbatch --job-name=${name} --wrap ${script}|00:00:00|2026-11-23T04:00:25|alice|/`;
  const NEXT = row('next', 'true').replace('7', '8');
  test.each([
    ['separators in the script', 'name', 'a | b | c'],
    ['separators in the name', 'a|b', 'true'],
    ['separators in the name and the script', 'a|b||c', 'a | b'],
    ['line breaks in the script', 'name', 'a\n\nb | c\nd'],
    ['a line break in the name', 'a\nb', 'true'],
  ])('a saved record with SubmitLine is put together again: %s', (_, name, script) => {
    const { reports, unreadable } = read(`${ALL}\n${row(name, script)}\n${NEXT}\n`);
    expect(unreadable.examples).toEqual([]);
    expect(reports).toMatchObject([
      { id: '7', name, rawState: 'COMPLETED', endTimeMs: 1_795_406_425_000, user: 'alice', workDir: '/' },
      { id: '8' },
    ]);
  });

  const SINCE_24_11 =
    'JobIDRaw|Comment|ExitCode|JobName|NodeList|Start|State|StdErr|StdIn|StdOut|Submit|SubmitLine|Suspended|End|User|WorkDir';
  const newer = ({ name = 'name', comment = '', err = '', out = '/x/o-%j', line = 'sbatch x' }) =>
    `7|${comment}|0:0|${name}|node01|2026-11-23T03:59:25|COMPLETED|${err}|/dev/null|${out}|2026-11-23T03:59:20|${line}|00:00:00|2026-11-23T04:00:25|alice|/home`;
  test.each<[what: string, row: Parameters<typeof newer>[0]]>([
    ['a separator in StdOut and SubmitLine', { out: '/x/o|y-%j', line: 'sbatch -o /x/o|y-%j x' }],
    [
      'separators in StdErr and StdOut',
      { err: '/x/e|y', out: '/x/o|z', line: 'sbatch -e /x/e|y -o /x/o|z x' },
    ],
    [
      'separators in name, comment and SubmitLine',
      { name: 'a|b', comment: 'c||d', line: 'sbatch -J a|b --comment=c||d x' },
    ],
    ['a name that looks like other columns', { name: 'a|node02|2026-11-23T03:59:25|FAILED', line: 'x' }],
  ])('a saved record with the columns of 24.11 is put together again: %s', (_, row) => {
    const { reports, unreadable } = read(`${SINCE_24_11}\n${newer(row)}\n${newer({}).replace('7', '8')}\n`);
    expect(unreadable.examples).toEqual([]);
    expect(reports).toMatchObject([
      {
        id: '7',
        name: row.name ?? 'name',
        nodes: ['node01'],
        rawState: 'COMPLETED',
        user: 'alice',
        workDir: '/home',
      },
      { id: '8', name: 'name' },
    ]);
  });

  test('a saved record of 900 separators is given up quickly', () => {
    const startMs = performance.now();
    const { reports, unreadable } = read(
      `${SINCE_24_11}\n${`${newer({ line: '|'.repeat(900), end: '' } as never).replace('COMPLETED', '?')}\n`.repeat(20)}`,
    );
    expect(reports).toEqual([]);
    expect(unreadable.count).toBeGreaterThan(0);
    expect(performance.now() - startMs).toBeLessThan(5000);
  });

  test('a saved record whose columns do not have their formats is unreadable and never a job', () => {
    const cut = row('name', 'a | b').replace('|COMPLETED', '');
    const { reports, unreadable } = read(`${ALL}\n${cut}\n${NEXT}\n`);
    expect(reports).toMatchObject([{ id: '8' }]);
    expect(unreadable.count).toBe(1);
  });
});

test('a record that slurmdbd made of a step alone is not a pending job', () => {
  const stub = '7|PENDING|2026-11-23T03:59:25|Unknown|node01|allocation|alice';
  const waits = '8|PENDING|Unknown|Unknown|None assigned|name|alice';
  const { reports, unreadable } = read(`${HEADER}\n${stub}\n${waits}\n`);
  expect(unreadable.count).toBe(0);
  expect(reports).toMatchObject([{ id: '8', state: 'pending' }]);
});

test.each([
  ['too few columns', '7|COMPLETED'],
  ['an invalid job id', LINE.replace('7', '7x')],
  ['no state', LINE.replace('COMPLETED', '')],
  ['an invalid node list', LINE.replace('node01', 'node]01')],
  ['binary data', '\u0000\u0001\ufffd'],
])('a record with %s is unreadable and the next one is read', (_, line) => {
  const { reports, unreadable } = read(`${HEADER}\n${line}\n${LINE}\n`);
  expect(reports).toHaveLength(1);
  expect(unreadable.count).toBe(1);
});

test('a record without an end is given up before it fills the memory', () => {
  const reader = createSacctReader(NOW_MS);
  reader.read(`${HEADER}\n`);
  for (let piece = 0; piece < 5; piece++) reader.read('x'.repeat(1 << 20));
  expect(reader.unreadable.count).toBe(1);
  expect(reader.read(`\n${LINE}\n`)).toHaveLength(1);
});

test.each([
  ['made without -P', '       JobID    JobName  Partition\n------- ---\n', 'sacct -P'],
  ['without required columns', 'JobID|State|Start|End\n', 'JobIDRaw, NodeList'],
  ['of another program', '{"jobs": []}\n', 'sacct -P'],
])('a saved output %s is refused', (_, text, why) => {
  expect(() => read(text)).toThrow(AppError);
  expect(() => read(text)).toThrow(why);
});

const OLD = `${HEADER}|ReqMem|NCPUS|NNodes|Timelimit`;
test.each([
  ['4000Mc|3|1|1-00:00:00', { cpus: 3, memoryLimitMb: 12_000, timeLimitSeconds: 86_400 }],
  ['16Gn|4|2|UNLIMITED', { cpus: 4, memoryLimitMb: 32_768 }],
])('the older columns ReqMem|NCPUS|NNodes|Timelimit are read: %s', (columns, fields) => {
  expect(read(`${OLD}\n${LINE}|${columns}\n`).reports).toMatchObject([fields]);
});
