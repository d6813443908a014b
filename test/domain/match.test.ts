import { describe, expect, test } from 'bun:test';
import { createRandom } from '../../src/demo/random.ts';
import { applyReport } from '../../src/domain/match.ts';
import type { Report } from '../../src/domain/report.ts';
import type { Run } from '../../src/domain/run.ts';
import { isConfirmed, NOT_REPORTED } from '../../src/domain/trust.ts';

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
  ['gone, and a late exit code', [running(11, 10), gone(99), epilog(98)], ['completed 10..98 ?']],
  ['gone after its exit code', [running(11, 10), epilog(98), gone(99)], ['completed 10..98 ?']],
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
test.each(CASES)('reports become the right runs: %s', (_, reports, runs) => {
  expect(apply(reports).map(show)).toEqual(runs);
});

test('a job posted over the API is the one that Slurm runs', () => {
  expect(apply([running(40, 10)], [posted]).map(show)).toEqual(['running 10..- ?']);
  expect(apply([prolog(900)], [posted]).map(show)).toEqual(['running 30..- ?']);
  expect(apply([record(1, 20)], [posted]).map(show)).toEqual(['completed 1..20', 'running 30..- ?']);
});

const KEY = { a: 's0000000000001', b: 's0000000000002' };
const KEYED: [name: string, reports: Report[], runs: string[]][] = [
  [
    'one SLUID is one run, whatever the times',
    [prolog(12, { sluid: KEY.a }), record(5000, 6000, { sluid: KEY.a })],
    ['completed 5000..6000'],
  ],
  [
    'two SLUIDs are two runs, although the times fit',
    [prolog(12, { sluid: KEY.b }), record(10, 19, { sluid: KEY.a })],
    ['completed 10..19', 'running 12..- ?'],
  ],
  [
    'an Epilog after a requeue belongs to the run before',
    [
      running(11, 10, { sluid: KEY.a }),
      pending(25, { sluid: KEY.b, submitTimeMs: at(20) }),
      epilog(26, { sluid: KEY.a }),
    ],
    ['completed 10..26 ?', 'pending -..- ?'],
  ],
  [
    'a run that was only seen pending comes before the next one',
    [pending(1, { sluid: KEY.a }), running(400, 390, { sluid: KEY.b, submitTimeMs: at(200) })],
    ['pending -..- ?', 'running 390..- ?'],
  ],
];
test.each(KEYED)('SLUIDs decide which run it is: %s', (_, reports, runs) => {
  for (const order of permutations(reports)) expect(apply(order).map(show)).toEqual(runs);
});

const RESIZED = { resizedMs: [at(15)] };
const partsOf = (first: Partial<Report>, second: Partial<Report>): Report[] => [
  running(15, 10, { source: 'sacct', observedMs: at(15), ...RESIZED, ...first }),
  record(15, 40, { source: 'sacct', submitTimeMs: at(15), ...second }),
];
test.each([
  ['22.05, by times', partsOf({}, {})],
  ['24.11, with two SLUIDs', partsOf({ sluid: KEY.a }, { sluid: KEY.b })],
  ['26.05, with the first one in both', partsOf({ sluid: KEY.a }, { sluid: KEY.a, otherSluids: [KEY.b] })],
  [
    '24.11, by what squeue said, where the first record is lost',
    [running(20, 10, RESIZED), ...partsOf({}, { sluid: KEY.b }).slice(1)],
  ],
])('a resized run is one run, from its first start: %s', (_, reports) => {
  for (const order of permutations(reports)) {
    const runs = apply([...order, ...order]);
    expect(runs.map(show)).toEqual(['completed 10..40']);
    expect(runs[0]).toMatchObject({ submitTimeMs: at(0) });
  }
});

test('nodes that a resized job gave back are not its nodes, whichever source reports first', () => {
  const reports = [
    prolog(10, { nodes: ['n1', 'n2'], cpus: 32 }),
    running(20, 10, { nodes: ['n1'], cpus: 16, resizedMs: [at(15)] }),
    { ...prolog(16), nodes: undefined as never, state: undefined as never, allocations: [{ node: 'n2' }] },
    onNode(11, { allocations: [{ node: 'n1', gpuIds: ['0'] }] }),
  ].map((report) => JSON.parse(JSON.stringify(report)) as Report);
  for (const order of permutations(reports)) {
    expect(apply(order)).toMatchObject([
      { nodes: ['n1'], cpus: 16, allocations: [{ node: 'n1', gpuIds: ['0'] }] },
    ]);
  }
});

test('the longest suspended time counts until accounting reports one', () => {
  const seen = (observed: number, suspendedSeconds: number) => running(observed, 10, { suspendedSeconds });
  for (const order of permutations([seen(20, 5), seen(30, 14), running(40, 10)])) {
    expect(apply(order)).toMatchObject([{ suspendedSeconds: 14 }]);
  }
  expect(apply([seen(30, 14), record(10, 60, { source: 'sacct', suspendedSeconds: 13 })])).toMatchObject([
    { suspendedSeconds: 13 },
  ]);
});

test('jobs of two clusters with one id are two runs', () => {
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

test('an unknown state word is shown, and the state known before stays', () => {
  const [run] = apply([running(11, 10), { ...pending(20), state: undefined, rawState: 'DREAMING' } as never]);
  expect(run).toMatchObject({ state: 'running', rawState: 'DREAMING' });
});

test('allocations of nodes are merged node by node', () => {
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

describe('reports in any order, repeated and with losses', () => {
  const random = createRandom(4);
  const below = (most: number) => Math.floor(random() * most);
  const shuffle = <Value>(values: readonly Value[]) =>
    values
      .map((value) => ({ value, place: random() }))
      .sort((one, other) => one.place - other.place)
      .map(({ value }) => value);

  /**
   * Who knows the SLUID of a run: nobody (22.05), accounting (24.11), all sources (26.05), all but hooks of
   * an older script, and all from an upgrade on.
   */
  const VERSIONS = ['nobody', 'accounting', 'all', 'all but hooks', 'all since an upgrade'] as const;
  type Version = (typeof VERSIONS)[number];
  const sluidOf = (run: number, part = 0) => `s${String(1000 * (run + 1) + part).padStart(13, '0')}`;

  /** What the version tells of the SLUID of a run, or of the part of one from its last change of size on. */
  function keyOf(
    version: Version,
    source: 'accounting' | 'squeue' | 'hook',
    run: number,
    part = 0,
  ): Partial<Report> {
    const isTold = {
      nobody: false,
      accounting: source === 'accounting',
      all: true,
      'all but hooks': source !== 'hook',
      'all since an upgrade': run > 0,
    }[version];
    if (!isTold) return {};
    if (part === 0) return { sluid: sluidOf(run) };
    // Only newer versions tell with which one the run began.
    if (version === 'accounting') return { sluid: sluidOf(run, part) };
    return { sluid: sluidOf(run), otherSluids: [sluidOf(run, part)] };
  }

  /** Returns the records of a run that changed its size at `resize`: in accounting, two that meet there. */
  function resizedRecords(
    version: Version,
    run: number,
    times: { start: number; resize: number; end: number },
    ended: Partial<Report>,
  ) {
    const { start, resize, end } = times;
    const change = { resizedMs: [at(resize)] };
    const sacct = { source: 'sacct', observedMs: at(end + 60) } as const;
    return {
      squeue: { ...change, observedMs: at(resize + below(end - resize + 1)) },
      sacct: [
        running(resize, start, {
          ...sacct,
          ...ended,
          ...change,
          observedMs: at(resize),
          state: 'running',
          nodes: undefined as never,
          ...keyOf(version, 'accounting', run),
        }),
        record(resize, end, {
          ...ended,
          ...sacct,
          submitTimeMs: at(resize),
          ...keyOf(version, 'accounting', run, 1),
        }),
      ],
    };
  }

  /** All that may be told of a job that runs one to three times; and what is true of it. */
  function timeline(version: Version) {
    const told: Report[] = [];
    const records: Report[][][] = [];
    const truth: string[] = [];
    let submit = 0;
    for (let restarts = 0, runs = 1 + below(3); restarts < runs; restarts++) {
      const start = submit + 120 + below(300);
      const end = start + below(500);
      const submitTimeMs = at(submit);
      const state = (['completed', 'failed', 'cancelled'] as const)[below(3)]!;
      const ended = { state, submitTimeMs };
      const [key, hookKey] = [keyOf(version, 'squeue', restarts), keyOf(version, 'hook', restarts)];
      told.push(pending(submit + below(start - submit), { submitTimeMs, restarts, ...key }));
      told.push(running(start + below(end - start + 1), start, { submitTimeMs, restarts, ...key }));
      told.push(prolog(start + below(Math.min(50, end - start + 1)), { restarts, ...hookKey }));
      // A node may be late.
      told.push(onNode(start + below(end - start + 2), { restarts, ...hookKey }));
      told.push(
        onNode(start + below(end - start + 2), { restarts, allocations: [{ node: 'n1' }], ...hookKey }),
      );
      told.push(epilog(end + below(3), hookKey));
      const known = keyOf(version, 'accounting', restarts);
      const isResized = random() < 0.3 && end - start > 2;
      const times = { start, end, resize: start + 1 + below(end - start - 1) };
      const resized = isResized ? resizedRecords(version, restarts, times, ended) : undefined;
      if (resized) told.push(running(0, start, { submitTimeMs, restarts, ...resized.squeue, ...key }));
      records.push([
        [record(start, end, { ...ended, ...known })],
        resized?.sacct ?? [
          record(start, end, { ...ended, source: 'sacct', observedMs: at(end + 60), ...known }),
        ],
      ]);
      truth.push(`${state} ${start}..${end}`);
      submit = end + 1;
    }
    return { told, records, truth };
  }

  test.each(VERSIONS)(
    'end in the same runs in 2,000 random histories, where SLUIDs are known to: %s',
    (version) => {
      for (let history = 0; history < 2000; history++) {
        const { told, records, truth } = timeline(version);
        const kept = [
          ...told.filter(() => random() < 0.7),
          ...records.flatMap((both) => (random() < 0.5 ? both.flat() : both[below(2)]!)),
        ];
        const shuffled = shuffle([...kept, ...kept.filter(() => random() < 0.3)]);
        const [before, after] = [false, true].map((isKnown) =>
          shuffled.filter(({ sluid }) => (sluid !== undefined) === isKnown),
        ) as [Report[], Report[]];
        // An upgrade has its place in time.
        const reports = version === 'all since an upgrade' ? [...before, ...after] : shuffled;
        const runs = apply(reports);
        expect({ history, runs: runs.map(show) }).toEqual({ history, runs: truth });
        if (version === 'all')
          expect(runs.map(({ sluid }) => sluid)).toEqual(truth.map((_, run) => sluidOf(run)));
      }
    },
  );
});
