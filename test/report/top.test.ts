import { expect, test } from 'bun:test';
import type { Job } from '../../src/domain/job.ts';
import { type Paper, PLAIN } from '../../src/report/paper.ts';
import { renderTop, renderTopOnce, type TopState } from '../../src/report/top.ts';
import { NOON_MS } from '../help/clock.ts';

const job = (id: string, fields: Partial<Job> = {}): Job => ({
  ...{ id, user: 'alice', nodes: ['n1'], state: 'running', cpuUsage: 50, memoryUsageMb: 2048 },
  ...{ startTimeMs: NOON_MS - 600_000, usageTimeMs: NOON_MS, details: { name: 'train', cpus: 8 } },
  ...fields,
});

const STATE: TopState = {
  ...{ columns: 80, rows: 12, place: 'alpha', connection: { state: 'live' }, first: 0, selected: 1 },
  ...{ self: 'alice', user: 'alice', seesOthers: true, filter: '', sort: 'cpu_usage', isAscending: false },
  overview: {
    running: 2,
    pending: 1200,
    cpus: { total: 100, allocated: 50, used: 25 },
    memory_mb: { allocated: 2048 },
    gpus: { allocated: 0 },
  },
  list: { jobs: [job('1'), job('2', { gpuUsage: 3 })], offset: 0, total: 2 },
  page: { kind: 'list' },
};

const draw = (state: Partial<TopState> = {}, paper: Paper = PLAIN) =>
  renderTop({ ...STATE, ...state }, { paper, nowMs: NOON_MS, formatClock: () => '12:00:00' });

test('the screen has the cluster, the jobs with the selected one, and the keys', () => {
  expect(draw().map((line) => line.trimEnd())).toEqual([
    'hpc-observe alpha  2 running, 1 200 waiting  ● live                     12:00:00',
    'CPU    ██████▒▒▒▒▒▒············  25 used (25 %), 50 given of 100',
    'memory ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  use not measured, 2 GB given',
    'GPU    none',
    '2 jobs of alice by CPU usage',
    ' job  state    user   name   nodes  CPUs     ran  CPU▼  memory  GPU',
    ' 1    running  alice  train      1     8  10 min  50 %    2 GB',
    '>2    running  alice  train      1     8  10 min  50 %    2 GB  3 %',
    '',
    '',
    '',
    '/ filter  Enter report  cmgtnw sort  r reverse  a all  p pause  ? help  q quit',
  ]);
});

const MANY = Array.from({ length: 50 }, (_, index) => job(String(index), { user: '計算機の利用者' }));
const SCREENS: [name: string, state: Partial<TopState>][] = [
  ['many', { list: { jobs: MANY, offset: 100, total: 5000 }, first: 120, selected: 121, filter: 'gpus>=1' }],
  ['none', { list: { jobs: [], offset: 0, total: 0 } }],
  ['help', { page: { kind: 'help' } }],
  ['filter', { page: { kind: 'filter', draft: `name:${'x'.repeat(200)}`, fault: 'No.' } }],
  ['report', { page: { kind: 'report', jobId: '1', lines: Array(90).fill('計'.repeat(90)), scroll: 5 } }],
  ['lost', { connection: { state: 'lost', sinceMs: NOON_MS, why: 'connection refused '.repeat(9) } }],
  ['hostile', { list: { jobs: [job('\u001b[2J\n', { user: '\r\u202e' })], offset: 0, total: 1 } }],
];
test.each(SCREENS)('the screen %s has its rows and columns at any size, without stray codes', (_, state) => {
  for (const [columns, rows] of [
    [80, 24],
    [200, 60],
    [30, 8],
    [10, 3],
  ] as const) {
    const colours = draw({ ...state, columns, rows }, { hasColors: true, hasSymbols: true });
    expect(colours).toHaveLength(rows);
    for (const line of colours) {
      expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
      expect(line.replace(/\u001b\[\d+m/g, '')).not.toMatch(/\p{Cc}/u);
    }
  }
});

test('without symbols the screen is ASCII but for names', () => {
  for (const [, state] of SCREENS.filter(([name]) => !['many', 'report'].includes(name)))
    expect(
      draw({ ...state, connection: { state: 'paused' } }, { hasColors: false, hasSymbols: false }).join(''),
    ).toMatch(/^[\u0000-\u007f\u202f\ufffd]*$/);
});

test('a lost connection says since when and why, and an empty list what to do', () => {
  expect(draw(SCREENS[5]![1])[0]).toContain('✕ no connection since 12:00:00: connection r');
  expect(draw(SCREENS[1]![1])[6]).toBe(' No job of alice runs or waits; a shows those of everybody.');
  const { user: _, ...all } = STATE;
  const lines = renderTop(
    { ...all, list: { jobs: [], offset: 0, total: 0 } },
    { paper: PLAIN, nowMs: NOON_MS, formatClock: String },
  );
  expect(lines[6]).toBe(' No job runs or waits.');
});

test('for a pipe it is printed once, complete and without codes', () => {
  const text = renderTopOnce(
    { ...STATE, list: { jobs: MANY, offset: 0, total: 5000 } },
    { paper: PLAIN, nowMs: NOON_MS, formatClock: String },
  );
  expect(text.split('\n')).toHaveLength(3 + 1 + 1 + 50 + 1);
  expect(text).toContain('\n1 to 50 of 5 000 jobs of alice by CPU usage\njob  state');
  expect(text).not.toMatch(/\u001b|[ ]\n/);
});
