import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../src/domain/errors.ts';
import { applyReport } from '../../../src/domain/match.ts';
import type { Report } from '../../../src/domain/report.ts';
import type { Run } from '../../../src/domain/run.ts';
import { createSacctReader, sacctArguments, sacctColumns } from '../../../src/slurm/records/sacct.ts';
import { JOB_14, MARK, readFixture } from '../fixture.ts';

const NOW_MS = 1_795_480_000_000;

/** The reports of an output, given in pieces of a size, and what was wrong with it. */
function read(text: string, mark?: string, size = 1 << 20) {
  const reader = createSacctReader(NOW_MS, mark);
  const reports: Report[] = [];
  for (let at = 0; at < text.length; at += size) reports.push(...reader.read(text.slice(at, at + size)));
  reports.push(...reader.finish());
  return { reports, faults: reader.faults };
}

const RUNS = read(readFixture('sacct.txt'), MARK);
const runsOf = (id: string) => RUNS.reports.filter((report) => report.id === id);

test('every run of a real database is read, and no part of one', () => {
  expect(RUNS.faults.first).toEqual([]);
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

test('the columns go where they belong', () => {
  expect(runsOf('14')).toEqual([
    {
      source: 'sacct',
      observedMs: NOW_MS,
      ...JOB_14,
    },
  ]);
});

const STORIES: [story: string, id: string, told: object, untold: readonly string[]][] = [
  ['failed', '2', { state: 'failed', exitCode: 3 }, ['signal']],
  ['was ended by a signal', '3', { state: 'failed', signal: 11 }, ['exitCode']],
  [
    'was cancelled before its begin',
    '5',
    { state: 'cancelled', endTimeMs: 1_795_477_402_000, cpus: 1 },
    ['startTimeMs', 'nodes'],
  ],
  [
    'was cancelled while it waited for nodes',
    '17',
    { state: 'cancelled', endTimeMs: 1_795_477_414_000 },
    ['startTimeMs', 'nodes', 'exitCode'],
  ],
  [
    'was cancelled while it ran',
    '6',
    { state: 'cancelled', rawState: 'CANCELLED', startTimeMs: 1_795_477_404_000 },
    ['exitCode', 'signal'],
  ],
  ['ran too long', '22', { state: 'failed', rawState: 'TIMEOUT' }, ['exitCode']],
  ['runs', '31', { state: 'running', name: 'forged|k|\n99|k|root' }, ['endTimeMs']],
  [
    'waits',
    '23',
    { state: 'pending', reason: 'PartitionConfig' },
    ['startTimeMs', 'endTimeMs', 'nodes', 'timeLimitSeconds'],
  ],
  ['had three nodes', '8', { nodes: ['node01', 'node02', 'node03'], cpus: 3 }, []],
  ['had two GPUs', '9', { gpus: 2 }, []],
  ['is a part of a heterogeneous one', '11', { nodes: ['node01'] }, ['arrayJobId']],
];
test.each(STORIES)('a job that %s', (_, id, told, untold) => {
  const runs = runsOf(id);
  expect(runs).toMatchObject([told]);
  for (const field of untold) expect(runs[0]).not.toHaveProperty(field);
});

test('a requeued job has two runs, the first of which was stopped', () => {
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

test('a job that changed its size has a part before that, which says nothing of its size, and is joined with the rest', () => {
  const [part, whole] = runsOf('28');
  expect(part).toMatchObject({
    state: 'running',
    startTimeMs: 1_795_477_754_000,
    observedMs: 1_795_477_757_000,
    resizedMs: [1_795_477_757_000],
  });
  for (const field of ['nodes', 'cpus', 'memoryLimitMb', 'endTimeMs']) expect(part).not.toHaveProperty(field);
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
])('a job called `allocation` whose nodes are %s has the name %p', (nodes, name) => {
  const line = `7|CANCELLED|Unknown|2026-11-23T04:00:25|${nodes}|allocation|alice`;
  expect(read(`${HEADER}\n${line}\n`).reports[0]!.name).toBe(name!);
});

test.each([1, 7, 1000])('pieces of %p characters make no difference', (size) => {
  expect(read(readFixture('sacct.txt'), MARK, size).reports).toEqual(RUNS.reports);
});

test('an output that breaks off is a fault', () => {
  const { reports, faults } = read(readFixture('sacct.txt').slice(0, -20), MARK);
  expect(faults.count).toBe(1);
  expect(reports).toHaveLength(RUNS.reports.length - 1);
});

test('a saved output is read by its header, without its steps', () => {
  const { reports, faults } = read(readFixture('sacct-saved.txt'));
  expect(faults.first).toEqual([]);
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
  ['without a last line break', `${HEADER}\n${LINE}`],
  ['with line ends of Windows and blank lines', `\r\n${HEADER}\r\n\r\n${LINE}\r\n\r\n`],
  ['with a separator at the end (-p)', `${HEADER}|\n${LINE}|\n`],
  ['with another separator', `${HEADER}\n${LINE}\n`.replaceAll('|', ';')],
  ['with the header again', `${HEADER}\n${HEADER}\n${LINE}\n${HEADER}\n`],
])('a saved output %s', (_, text) => {
  const { reports, faults } = read(text);
  expect(faults.count).toBe(0);
  expect(reports).toMatchObject([{ id: '7', user: 'alice', name: 'name', endTimeMs: 1_795_406_425_000 }]);
});

test('a name with separators is put together again', () => {
  const { reports, faults } = read(`${HEADER}\n${LINE.replace('name', 'a|b||c')}\n`);
  expect(faults.count).toBe(0);
  expect(reports).toMatchObject([{ name: 'a|b||c', user: 'alice' }]);
});

describe('with the line of its submission, a record is put together again', () => {
  const ALL = 'JobIDRaw|JobName|NodeList|Start|State|Submit|SubmitLine|Suspended|End|User|WorkDir';
  const row = (name: string, script: string) =>
    `7|${name}|node01|2026-11-23T03:59:25|COMPLETED|2026-11-23T03:59:20|sbatch --job-name=${name} --wrap ${script}|00:00:00|2026-11-23T04:00:25|alice|/`;
  const NEXT = row('next', 'true').replace('7', '8');
  test.each([
    ['a script with separators', 'name', 'a | b | c'],
    ['a name with separators, and so the line', 'a|b', 'true'],
    ['both', 'a|b||c', 'a | b'],
    ['a script of lines', 'name', 'a\n\nb | c\nd'],
    ['a name of lines', 'a\nb', 'true'],
  ])('%s', (_, name, script) => {
    const { reports, faults } = read(`${ALL}\n${row(name, script)}\n${NEXT}\n`);
    expect(faults.first).toEqual([]);
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
    [
      'a path of output with a separator, and so the line',
      { out: '/x/o|y-%j', line: 'sbatch -o /x/o|y-%j x' },
    ],
    ['a path of errors with one', { err: '/x/e|y', out: '/x/o|z', line: 'sbatch -e /x/e|y -o /x/o|z x' }],
    ['name, comment and line', { name: 'a|b', comment: 'c||d', line: 'sbatch -J a|b --comment=c||d x' }],
    ['a name that looks like columns', { name: 'a|node02|2026-11-23T03:59:25|FAILED', line: 'x' }],
  ])('since 24.11: %s', (_, row) => {
    const { reports, faults } = read(`${SINCE_24_11}\n${newer(row)}\n${newer({}).replace('7', '8')}\n`);
    expect(faults.first).toEqual([]);
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

  test('a record of separators alone costs little', () => {
    const startMs = performance.now();
    const { reports, faults } = read(
      `${SINCE_24_11}\n${`${newer({ line: '|'.repeat(900), end: '' } as never).replace('COMPLETED', '?')}\n`.repeat(20)}`,
    );
    expect(reports).toEqual([]);
    expect(faults.count).toBeGreaterThan(0);
    expect(performance.now() - startMs).toBeLessThan(5000);
  });

  test('but what does not look as it should is a fault, and never a job', () => {
    const cut = row('name', 'a | b').replace('|COMPLETED', '');
    const { reports, faults } = read(`${ALL}\n${cut}\n${NEXT}\n`);
    expect(reports).toMatchObject([{ id: '8' }]);
    expect(faults.count).toBe(1);
  });
});

test('a job of which slurmdbd knows a step alone does not wait', () => {
  const stub = '7|PENDING|2026-11-23T03:59:25|Unknown|node01|allocation|alice';
  const waits = '8|PENDING|Unknown|Unknown|None assigned|name|alice';
  const { reports, faults } = read(`${HEADER}\n${stub}\n${waits}\n`);
  expect(faults.count).toBe(0);
  expect(reports).toMatchObject([{ id: '8', state: 'pending' }]);
});

test.each([
  ['too few columns', '7|COMPLETED'],
  ['a job id that is none', LINE.replace('7', '7x')],
  ['no state', LINE.replace('COMPLETED', '')],
  ['nodes that cannot be', LINE.replace('node01', 'node]01')],
  ['rubbish', '\u0000\u0001\ufffd'],
])('a line with %s is a fault, and the next is read', (_, line) => {
  const { reports, faults } = read(`${HEADER}\n${line}\n${LINE}\n`);
  expect(reports).toHaveLength(1);
  expect(faults.count).toBe(1);
});

test('a line without end is given up before it fills the memory', () => {
  const reader = createSacctReader(NOW_MS);
  reader.read(`${HEADER}\n`);
  for (let piece = 0; piece < 5; piece++) reader.read('x'.repeat(1 << 20));
  expect(reader.faults.count).toBe(1);
  expect(reader.read(`\n${LINE}\n`)).toHaveLength(1);
});

test.each([
  ['made without -P', '       JobID    JobName  Partition\n------- ---\n', 'sacct -P'],
  ['without columns that are needed', 'JobID|State|Start|End\n', 'JobIDRaw, NodeList'],
  ['of another program', '{"jobs": []}\n', 'sacct -P'],
])('an output %s is refused', (_, text, why) => {
  expect(() => read(text)).toThrow(AppError);
  expect(() => read(text)).toThrow(why);
});

const OLD = `${HEADER}|ReqMem|NCPUS|NNodes|Timelimit`;
test.each([
  ['4000Mc|3|1|1-00:00:00', { cpus: 3, memoryLimitMb: 12_000, timeLimitSeconds: 86_400 }],
  ['16Gn|4|2|UNLIMITED', { cpus: 4, memoryLimitMb: 32_768 }],
])('columns of older outputs: %s', (columns, told) => {
  expect(read(`${OLD}\n${LINE}|${columns}\n`).reports).toMatchObject([told]);
});

test('a column that this sacct does not know is not asked for', () => {
  const help = readFixture('helpformat.txt');
  expect(help.split(/\s+/)).toEqual(expect.arrayContaining(sacctColumns(help)));
  expect(sacctColumns(help)).not.toContain('Restarts');
  expect(sacctColumns(`${help}Restarts`)).toContain('Restarts');
});

test('the arguments name the jobs, or a span of time', () => {
  const span = { fromMs: Date.UTC(2026, 0, 2), toMs: Date.UTC(2026, 0, 3, 4, 5, 6, 7) };
  expect(sacctArguments(['JobIDRaw', 'State'], '|x|', { ids: ['7', '8'] })).toEqual([
    ...['-a', '-X', '-D', '-p', '--delimiter=|x|', '-j', '7,8', '-o', 'JobIDRaw,State'],
  ]);
  expect(sacctArguments(['JobIDRaw'], '|x|', span)).toEqual(
    expect.arrayContaining(['-S', '2026-01-02T00:00:00', '-E', '2026-01-03T04:05:06']),
  );
});
