import { expect, test } from 'bun:test';
import { parseCpuacct, parseCpuStat } from '../../../src/agent/collectors/cpu.ts';
import { countCpus } from '../../../src/agent/collectors/cpuset.ts';
import { parseBlkio, parseIoStat } from '../../../src/agent/collectors/io.ts';
import { parseMemory, parseMemoryV1 } from '../../../src/agent/collectors/memory.ts';
import { parsePressure } from '../../../src/agent/collectors/pressure.ts';

const never = () => false;
const NO_TEXTS = { current: undefined, peak: undefined, stat: '', limits: [] };

test('what a kernel does not say is absent and never 0', () => {
  expect(parseCpuStat('')).toEqual({});
  expect(parseCpuacct(undefined, '', '')).toEqual({});
  expect(parseMemory({ ...NO_TEXTS, events: '' })).toEqual({});
  expect(parseMemoryV1({ ...NO_TEXTS, oomControls: ['oom_kill_disable 0\nunder_oom 0\n'] })).toEqual({});
  expect(parsePressure('')).toBeUndefined();
  expect(parsePressure('full avg10=0.00 avg60=0.00 avg300=0.00 total=9\n')).toBeUndefined();
});

test.each([
  [['max', 'max'], undefined],
  [['300', '200', 'max'], 200],
  [['9223372036854771712'], undefined],
  // 2^63 less a page of 64 KiB.
  [['9223372036854710272', '5'], 5],
  [[undefined], undefined],
  [['0'], 0],
])('the least of the limits %j is %p', (limits, limit) => {
  expect(parseMemory({ ...NO_TEXTS, limits, events: '' }).memory_limit_bytes).toBe(limit);
});

test('version 1 counts kills in each group by itself', () => {
  const oomControls = ['oom_kill 1\n', 'under_oom 0\n', 'oom_kill 2\n'];
  expect(parseMemoryV1({ ...NO_TEXTS, oomControls })).toEqual({ memory_oom_kills: 3 });
});

test('shared memory is not cache that could be given back', () => {
  const stat = 'anon 5\nfile 100\nshmem 60\n';
  expect(parseMemory({ ...NO_TEXTS, stat, events: '' })).toEqual({
    memory_anonymous_bytes: 5,
    memory_shared_bytes: 60,
    memory_cache_bytes: 40,
  });
});

test('version 1 counts CPU time in nanoseconds and hundredths of seconds', () => {
  expect(parseCpuacct('4088801780\n', 'user 400\nsystem 8\n', 'throttled_time 250000000\n')).toEqual({
    cpu_seconds: 4.08880178,
    cpu_user_seconds: 4,
    cpu_system_seconds: 0.08,
    cpu_throttled_seconds: 0.25,
  });
});

test('pressure is the total of some processes, in microseconds', () => {
  const text =
    'some avg10=0.73 avg60=0.18 avg300=0.04 total=185684\nfull avg10=0.73 avg60=0.18 avg300=0.04 total=1\n';
  expect(parsePressure(text)).toBe(0.185684);
});

test.each([
  ['0-3,8\n', 5],
  ['7', 1],
  ['0-127', 128],
  ['', undefined],
  ['\n', undefined],
  ['3-1', undefined],
  ['0-99999999', undefined],
  ['a-b', undefined],
  ['1,,2', undefined],
  [undefined, undefined],
])('the list of CPUs %j has %p', (text, count) => {
  expect(countCpus(text)).toBe(count);
});

test('devices that pass their I/O on do not count it twice', () => {
  const text =
    '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=9\n253:0 rbytes=10 wbytes=20 rios=1 wios=2\n8:16 \n';
  const sums = { io_read_bytes: 10, io_written_bytes: 20, io_reads: 1, io_writes: 2 };
  expect(parseIoStat(text, (device) => device === '253:0')).toEqual(sums);
  const lines = (read: number, write: number) =>
    `8:0 Read ${read}\n8:0 Write ${write}\n8:0 Total 99\n253:0 Read 7\nTotal 99\n`;
  expect(parseBlkio(lines(10, 20), lines(1, 2), (device) => device === '253:0')).toEqual(sums);
  expect(parseIoStat('', never)).toEqual({
    io_read_bytes: 0,
    io_written_bytes: 0,
    io_reads: 0,
    io_writes: 0,
  });
});
