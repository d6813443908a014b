import { describe, expect, test } from 'bun:test';
import { applyReport } from '../../src/domain/match.ts';
import type { Report } from '../../src/domain/report.ts';
import { isConfirmed, NOT_REPORTED, type Run } from '../../src/domain/run.ts';
import { randomNumbers } from '../store/contract/help.ts';

const NOON_MS = Date.UTC(2026, 0, 20, 12);
const at = (seconds: number) => NOON_MS + 1000 * seconds;
const apply = (reports: readonly Report[], known: readonly Run[] = []) =>
  reports.reduce((runs, report) => applyReport(runs, report).map(({ run }) => run), known);

/** What a test looks at: the state, and the times in seconds after noon. */
const show = (run: Run) => {
  const { state, startTimeMs, endTimeMs } = run;
  const seconds = (timeMs: number | undefined) => (timeMs === undefined ? '-' : (timeMs - NOON_MS) / 1000);
  return `${state} ${seconds(startTimeMs)}..${seconds(endTimeMs)}${isConfirmed(run) ? '' : ' ?'}`;
};

const pending = (observed: number, fields: Partial<Report> = {}): Report => ({
  source: 'squeue',
  observedMs: at(observed),
  id: '7',
  user: 'alice',
  state: 'pending',
  submitTimeMs: at(0),
  rawState: 'PENDING',
  reason: 'Priority',
  ...fields,
});
const running = (observed: number, start: number, fields: Partial<Report> = {}): Report => ({
  ...pending(observed),
  state: 'running',
  rawState: 'RUNNING',
  reason: 'None',
  startTimeMs: at(start),
  nodes: ['n1'],
  ...fields,
});
const prolog = (observed: number, fields: Partial<Report> = {}): Report => ({
  source: 'hook',
  observedMs: at(observed),
  id: '7',
  user: 'alice',
  state: 'running',
  startTimeMs: at(observed),
  isStartRough: true,
  nodes: ['n1'],
  ...fields,
});
/** Of a node, where a job may begin long after its start. */
const onNode = (observed: number, fields: Partial<Report> = {}): Report =>
  prolog(observed, { restarts: 0, nodes: ['n1', 'n2'], allocations: [{ node: 'n2' }], ...fields });
const epilog = (observed: number, fields: Partial<Report> = {}): Report => ({
  source: 'hook',
  observedMs: at(observed),
  id: '7',
  state: 'completed',
  endTimeMs: at(observed),
  exitCode: 0,
  ...fields,
});
const record = (start: number | undefined, end: number, fields: Partial<Report> = {}): Report => ({
  source: 'jobcomp',
  observedMs: at(end),
  id: '7',
  user: 'alice',
  state: 'completed',
  rawState: 'COMPLETED',
  ...(start !== undefined && { startTimeMs: at(start), nodes: ['n1'] }),
  endTimeMs: at(end),
  submitTimeMs: at(0),
  exitCode: 0,
  ...fields,
});
const gone = (observed: number): Report => ({
  source: 'absence',
  observedMs: at(observed),
  id: '7',
  state: 'failed',
  endTimeMs: at(observed),
  reason: 'It left the queue without a record.',
});
const posted: Run = {
  user: 'alice',
  nodes: ['n1'],
  state: 'running',
  startTimeMs: at(30),
  provenance: NOT_REPORTED,
};

const CASES: [name: string, reports: Report[], runs: string[]][] = [
  ['waiting', [pending(1)], ['pending -..- ?']],
  ['started, as squeue sees it', [pending(1), running(11, 10)], ['running 10..- ?']],
  ['started, as a hook sees it, then squeue', [prolog(12), running(40, 10)], ['running 10..- ?']],
  ['ended, as a hook sees it', [prolog(12), epilog(20)], ['completed 12..20 ?']],
  ['ended with the record', [prolog(12), epilog(20), record(10, 19)], ['completed 10..19']],
  [
    'an exit code that hides a time-out',
    [prolog(12), epilog(20), record(10, 19, { state: 'failed', rawState: 'TIMEOUT' })],
    ['failed 10..19'],
  ],
  ['the record alone', [record(10, 19)], ['completed 10..19']],
  ['the record first', [record(10, 19), epilog(20), prolog(12), running(15, 10)], ['completed 10..19']],
  ['a report from before the end', [prolog(12), epilog(20), running(15, 10)], ['completed 10..20 ?']],
  ['the end first', [epilog(20), prolog(12)], ['completed 12..20 ?']],
  [
    'cancelled while it waited',
    [pending(1), record(undefined, 5, { state: 'cancelled' })],
    ['cancelled -..5'],
  ],
  ['a look at the queue that is overtaken', [prolog(12), pending(11)], ['running 12..- ?']],
  ['gone without a trace', [running(11, 10), gone(99)], ['failed 10..99 ?']],
  ['gone, and recorded after all', [running(11, 10), gone(99), record(10, 50)], ['completed 10..50']],
  ['gone while it waited, and recorded', [pending(1), gone(99), record(undefined, 50)], ['completed -..50']],
  [
    'requeued: it waits again',
    [prolog(12), record(10, 19, { state: 'cancelled' }), pending(25, { submitTimeMs: at(20) })],
    ['cancelled 10..19', 'pending -..- ?'],
  ],
  [
    'requeued within the minute, told apart by the restarts',
    [prolog(10, { restarts: 0 }), prolog(40, { restarts: 1 }), record(39, 50), record(10, 20)],
    ['completed 10..20', 'completed 39..50'],
  ],
  [
    'requeued, and the records come late and backwards',
    [prolog(12), epilog(20), prolog(140), epilog(160), record(139, 160), record(10, 20)],
    ['completed 10..20', 'completed 139..160'],
  ],
  [
    'ids that wrap around',
    [record(10, 19), pending(90_000_000, { submitTimeMs: at(89_999_000) })],
    ['completed 10..19', 'pending -..- ?'],
  ],
  [
    'two that were cancelled while they waited, years apart',
    [record(undefined, 5), record(undefined, 90_000_000, { submitTimeMs: at(89_999_000) })],
    ['completed -..5', 'completed -..90000000'],
  ],
  ['started, as a node alone sees it', [onNode(12)], ['running 12..- ?']],
  ['started, as two nodes see it, one of them late', [onNode(5000), onNode(12)], ['running 12..- ?']],
  ['waited for, then started as a node sees it', [pending(1), onNode(12)], ['running 12..- ?']],
  ['a node that is a day late', [running(11, 10, { restarts: 0 }), onNode(86_410)], ['running 10..- ?']],
  ['a node that is late, and the end', [onNode(5000), record(10, 6000)], ['completed 10..6000']],
  [
    'a node that is told of after the end, of a job that was cancelled on its way there',
    [record(10, 12, { state: 'cancelled' }), onNode(20)],
    ['cancelled 10..12'],
  ],
  [
    'the same, before the record',
    [prolog(10, { restarts: 0 }), epilog(12), onNode(20)],
    ['completed 10..12 ?'],
  ],
  [
    'a node of the next run',
    [record(10, 19, { state: 'cancelled' }), onNode(140, { restarts: 1 })],
    ['cancelled 10..19', 'running 140..- ?'],
  ],
  [
    'a node of the next run, told apart by the restarts',
    [prolog(10, { restarts: 0 }), record(10, 19), onNode(22, { restarts: 1 })],
    ['completed 10..19', 'running 22..- ?'],
  ],
  ['a slow controller', [running(11, 10), prolog(55)], ['running 10..- ?']],
];
test.each(CASES)('%s', (_, reports, runs) => {
  expect(apply(reports).map(show)).toEqual(runs);
});

test('a job that somebody posted is the one that Slurm runs', () => {
  expect(apply([running(40, 10)], [posted]).map(show)).toEqual(['running 10..- ?']);
  expect(apply([prolog(900)], [posted]).map(show)).toEqual(['running 30..- ?']);
  expect(apply([record(1, 20)], [posted]).map(show)).toEqual(['completed 1..20', 'running 30..- ?']);
});

test('jobs of two clusters with one id are two', () => {
  const runs = apply([running(11, 10, { cluster: 'a' }), running(12, 10, { cluster: 'b' })]);
  expect(runs.map(({ cluster }) => cluster)).toEqual(['a', 'b']);
});

test('each field comes from the most trusted source that gave it', () => {
  const reports = [
    running(11, 10, { name: 'queue', qos: 'normal', reason: 'None' }),
    prolog(12, { name: 'hook', account: 'physics' }),
    record(10, 19, { name: 'record', exitCode: 3, state: 'failed' }),
  ];
  for (const order of permutations(reports)) {
    const [run, ...others] = apply(order);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ name: 'record', qos: 'normal', account: 'physics', exitCode: 3 });
    expect(run).not.toHaveProperty('reason');
  }
});

test('an unknown word is kept, and the state known before stands', () => {
  const [run] = apply([running(11, 10), { ...pending(20), state: undefined, rawState: 'DREAMING' } as never]);
  expect(run).toMatchObject({ state: 'running', rawState: 'DREAMING' });
});

test('what the nodes were given adds up', () => {
  const given = (node: string, gpu: string): Report => ({
    source: 'hook',
    observedMs: at(13),
    id: '7',
    allocations: [{ node, gpuIds: [gpu] }],
  });
  const [run] = apply([prolog(12), given('n2', '1'), given('n1', '0'), given('n2', '1')]);
  expect(run!.allocations).toEqual([
    { node: 'n1', gpuIds: ['0'] },
    { node: 'n2', gpuIds: ['1'] },
  ]);
});

function permutations<Value>(values: readonly Value[]): Value[][] {
  if (values.length < 2) return [[...values]];
  return values.flatMap((value, index) =>
    permutations(values.toSpliced(index, 1)).map((rest) => [value, ...rest]),
  );
}

describe('in any order, doubled and with losses, the end is the same', () => {
  const random = randomNumbers(4);
  const below = (most: number) => Math.floor(random() * most);
  const shuffle = <Value>(values: readonly Value[]) =>
    values
      .map((value) => ({ value, place: random() }))
      .sort((one, other) => one.place - other.place)
      .map(({ value }) => value);

  /** All that may be told of a job that runs one to three times; and what is true of it. */
  function timeline() {
    const told: Report[] = [];
    const records: Report[][] = [];
    const truth: string[] = [];
    let submit = 0;
    for (let restarts = 0, runs = 1 + below(3); restarts < runs; restarts++) {
      const start = submit + 120 + below(300);
      const end = start + below(500);
      const submitTimeMs = at(submit);
      const state = (['completed', 'failed', 'cancelled'] as const)[below(3)]!;
      const ended = { state, submitTimeMs };
      told.push(pending(submit + below(start - submit), { submitTimeMs, restarts }));
      told.push(running(start + below(end - start + 1), start, { submitTimeMs, restarts }));
      told.push(prolog(start + below(Math.min(50, end - start + 1)), { restarts }));
      // A node may be late.
      told.push(onNode(start + below(end - start + 2), { restarts }));
      told.push(onNode(start + below(end - start + 2), { restarts, allocations: [{ node: 'n1' }] }));
      told.push(epilog(end + below(3)));
      records.push([
        record(start, end, ended),
        record(start, end, { ...ended, source: 'sacct', observedMs: at(end + 60) }),
      ]);
      truth.push(`${state} ${start}..${end}`);
      submit = end + 1;
    }
    return { told, records, truth };
  }

  test('of 3,000 histories', () => {
    for (let history = 0; history < 3000; history++) {
      const { told, records, truth } = timeline();
      const kept = [
        ...told.filter(() => random() < 0.7),
        ...records.flatMap((both) => (random() < 0.5 ? both : [both[below(2)]!])),
      ];
      const reports = shuffle([...kept, ...kept.filter(() => random() < 0.3)]);
      expect({ history, runs: apply(reports).map(show) }).toEqual({ history, runs: truth });
    }
  });
});
