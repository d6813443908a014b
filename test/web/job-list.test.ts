import { expect, test } from 'bun:test';
import type { JobAnswer } from '../../src/api/job.ts';
import type { SparklineAnswer } from '../../src/api/sparkline.ts';
import { fitColumns, readChoice, writeChoice } from '../../src/web/jobs/column-choice.ts';
import { MAX_COMPARED, readCompared, toggleId, writeCompared } from '../../src/web/jobs/compare-ids.ts';
import { compareLines, hasMeasure } from '../../src/web/jobs/compare-lines.ts';
import { writeCsv } from '../../src/web/jobs/csv.ts';
import { sparkPath } from '../../src/web/jobs/spark-path.ts';
import { tintCpu, tintGpu, tintMemory, tintRuntime } from '../../src/web/jobs/tint.ts';
import { rowsInView, topToShow } from '../../src/web/jobs/window.ts';

const VIEW = { height: 720, rowPixels: 24 };

test('wherever the list is scrolled to, all rows in view are drawn, and never many more', () => {
  for (const count of [0, 1, 29, 30, 31, 100, 10_000]) {
    for (let top = 0; top <= Math.max(0, count * 24 - 720); top += 7) {
      const { from, to } = rowsInView({ ...VIEW, top }, count);
      const [first, last] = [Math.floor(top / 24), Math.min(count, Math.ceil((top + 720) / 24))];
      expect([top, from <= first, to >= last]).toEqual([top, true, true]);
      expect(to - from).toBeLessThanOrEqual(30 + 3 * 8);
      expect(from).toBeGreaterThanOrEqual(0);
    }
  }
});

test('most movements draw nothing anew', () => {
  const views = Array.from({ length: 192 }, (_, top) => JSON.stringify(rowsInView({ ...VIEW, top }, 10_000)));
  expect(new Set(views).size).toBe(1);
});

test('a row is brought into view with as little movement as possible', () => {
  expect(topToShow(10, { ...VIEW, top: 0 })).toBe(0);
  expect(topToShow(30, { ...VIEW, top: 0 })).toBe(24);
  expect(topToShow(5, { ...VIEW, top: 240 })).toBe(120);
});

test('a small line has steps, a pixel for 0, and holes where nothing was measured', () => {
  expect(sparkPath([100, 50], 100)).toBe('M0 16V0H30V8H60V16Z');
  expect(sparkPath([0], 100)).toBe('M0 16V15H60V16Z');
  expect(sparkPath([100, null, null, 100], 100)).toBe('M0 16V0H15V16ZM45 16V0H60V16Z');
  expect(sparkPath([null, 200], 100)).toBe('M30 16V0H60V16Z');
  expect(sparkPath([null, null], 100)).toBe('');
});

test('a single span without samples is no hole', () => {
  expect(sparkPath([50, null, 100], 100)).toBe('M0 16V8H20V8H40V0H60V16Z');
});

const COLUMNS = [
  { name: 'id', pixels: 100, rank: 9 },
  { name: 'qos', pixels: 50 },
  { name: 'user', pixels: 50, rank: 1 },
  { name: 'cpu', pixels: 100, rank: 8 },
];
const namesOf = (columns: readonly { name: string }[]) => columns.map(({ name }) => name).join();

test('of the usual columns those of small rank fold first, and the order stays', () => {
  expect(namesOf(fitColumns(COLUMNS, 250))).toBe('id,user,cpu');
  expect(namesOf(fitColumns(COLUMNS, 249))).toBe('id,cpu');
  expect(namesOf(fitColumns(COLUMNS, 10))).toBe('id');
});

test('a choice of columns is written only if it is not the usual one, and unknown names are dropped', () => {
  expect(writeChoice(new Set(['cpu', 'user', 'id']), COLUMNS)).toBeUndefined();
  expect(writeChoice(new Set(['qos', 'id']), COLUMNS)).toBe('id,qos');
  expect(readChoice('qos,nothing,id', COLUMNS)).toEqual(['qos', 'id']);
  expect([readChoice(null, COLUMNS), readChoice('', COLUMNS), readChoice('x', COLUMNS)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('compared jobs survive the address, also with commas and percent signs, and are eight at most', () => {
  const ids = ['a,b', '50%', 'evil/<x>', '4711_3'];
  expect(readCompared(writeCompared(ids))).toEqual(ids);
  expect(readCompared('a,a,,b')).toEqual(['a', 'b']);
  expect(readCompared('%')).toEqual(['%']);
  expect(readCompared(null)).toEqual([]);
  const full = Array.from({ length: MAX_COMPARED }, (_, index) => `${index}`);
  expect(toggleId(full, 'more')).toBe(full);
  expect(toggleId(full, '3')).not.toContain('3');
  expect(readCompared([...full, 'more'].join())).toEqual(full);
});

const line = (job: string, seconds: number, cpu: (number | null)[], more: object = {}) =>
  ({ job, start_time: '2026-01-20T12:00:00Z', seconds, cpu, memory_mb: cpu, ...more }) as SparklineAnswer;

test('jobs are compared by the time since each began', () => {
  const { times, columns } = compareLines(
    [line('a', 60, [1, null, 3]), undefined, line('b', 20, [7, 8])],
    'cpu',
  );
  expect(times).toEqual([10, 30, 90, 150]);
  expect(columns).toEqual([
    [undefined, 1, null, 3],
    [undefined, undefined, undefined, undefined],
    [7, 8, undefined, undefined],
  ]);
  expect(hasMeasure(line('a', 1, [1]), 'gpu')).toBe(false);
  expect(hasMeasure(line('a', 1, [null]), 'cpu')).toBe(false);
});

const job = (fields: Partial<JobAnswer>): JobAnswer => ({
  ...{ id: '1', user: 'alice', nodes: ['n1', 'n2'], state: 'running', cpu_usage: 0, memory_usage_mb: 0 },
  ...fields,
});

test('CSV has the chosen fields once, nothing for what was not measured, and no formulas', () => {
  const rows = [
    job({ name: '=cmd()', cpu_usage: 5, usage_time: '2026-01-20T12:00:00Z' }),
    job({ id: 'a,"b"' }),
  ];
  expect(writeCsv(rows, ['id', 'name', 'cpu_usage', 'nodes', 'id'])).toBe(
    `id,name,cpu_usage,nodes\r\n1,'=cmd(),5,n1 n2\r\n"a,""b""",,,n1 n2\r\n`,
  );
});

const many = (value: number | null, count = 30) => Array.from({ length: count }, () => value);

test('a cell is tinted only where a rule says so, never by its value alone', () => {
  const idle = line('1', 60, many(50), { gpu: many(0) });
  expect(tintGpu({ job: job({ gpus: 2 }), line: idle })).toBe('waste');
  expect(
    tintGpu({ job: job({ gpus: 2 }), line: line('1', 60, [], { gpu: [...many(0), 40] }) }),
  ).toBeUndefined();
  expect(tintGpu({ job: job({ gpus: 2 }), line: line('1', 5, [], { gpu: many(0) }) })).toBeUndefined();
  expect(tintGpu({ job: job({ gpus: 2 }), line: line('1', 60, [], { gpu: many(0, 9) }) })).toBeUndefined();
  expect(tintGpu({ job: job({ gpus: 2 }), line: undefined })).toBeUndefined();
  expect(tintCpu({ job: job({ cpus: 8 }), line: line('1', 60, many(3)) })).toBe('waste');
  expect(tintCpu({ job: job({ cpus: 2 }), line: line('1', 60, many(3)) })).toBeUndefined();
  expect(tintCpu({ job: job({ cpus: 8 }), line: line('1', 60, many(3), { gpu: many(80) }) })).toBeUndefined();
  const limited = job({ memory_limit_mb: 100, memory_usage_mb: 60 });
  expect(tintMemory({ job: limited, line: line('1', 60, many(60)) })).toBeUndefined();
  expect(tintMemory({ job: limited, line: line('1', 60, [...many(60), 96]) })).toBe('harm');
  expect(tintMemory({ job: job({ memory_usage_mb: 99 }), line: undefined })).toBeUndefined();
  expect(tintRuntime({ job: job({ state: 'failed', raw_state: 'TIMEOUT' }), line: undefined })).toBe('harm');
  expect(tintRuntime({ job: job({}), line: undefined })).toBeUndefined();
});
