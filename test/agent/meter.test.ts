import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { createMeter } from '../../src/agent/meter.ts';

const cpu = (source: string, seconds: number, isLossy = false) => [
  { source, values: { cpu_seconds: seconds }, isLossy },
];

test('CPU time counts on in a directory that was deleted and made again', () => {
  const meter = createMeter();
  const read = (source: string, seconds: number) => meter.read('7', cpu(source, seconds), 0).cpu_seconds;
  expect([read('a', 10), read('a', 15), read('b', 3), read('b', 4), read('c', 20)]).toEqual([
    10, 15, 18, 19, 39,
  ]);
});

test('a counter that begins again in a directory with the old inode counts on', () => {
  const meter = createMeter();
  const read = (seconds: number) => meter.read('7', cpu('a', seconds), 0).cpu_seconds;
  expect([read(10), read(4), read(5)]).toEqual([10, 14, 15]);
});

test('a counter that falls a little never counts twice', () => {
  const meter = createMeter();
  const read = (seconds: number) => meter.read('7', cpu('a', seconds), 0).cpu_seconds;
  expect([read(10), read(9.9), read(10.9)]).toEqual([10, 10, 11]);
});

test('processes that take their CPU time with them are no new start', () => {
  const meter = createMeter();
  const read = (seconds: number) => meter.read('7', cpu('a', seconds, true), 0).cpu_seconds;
  expect([read(10), read(1), read(2)]).toEqual([10, 10, 11]);
});

test('a counter that could not be read once counts on from where it was', () => {
  const meter = createMeter();
  meter.read('7', cpu('a', 100), 0);
  expect(meter.read('7', [{ source: 'a', values: { processes: 1 } }], 0)).toEqual({ processes: 1 });
  expect(meter.read('7', cpu('a', 101), 0).cpu_seconds).toBe(101);
});

test('CPUs in use are those since the last reading, and none are told for less than a second', () => {
  const meter = createMeter();
  const read = (seconds: number, nowMs: number) => meter.read('7', cpu('a', seconds), nowMs).cpus_used;
  expect([read(10, 0), read(11, 500), read(14, 2000), read(14, 3000)]).toEqual([undefined, undefined, 2, 0]);
});

test('a job whose begin was seen has CPUs in use from its first reading on', () => {
  const meter = createMeter();
  meter.begin('7', 1000);
  meter.begin('7', 2000);
  expect(meter.read('7', cpu('a', 3), 3000).cpus_used).toBe(1.5);
});

test('the most memory is that of all directories, and steps add up', () => {
  const meter = createMeter();
  const part = (source: string, values: object) => ({ source, values });
  expect(meter.read('7', [part('a', { memory_peak_bytes: 9 })], 0)).toEqual({ memory_peak_bytes: 9 });
  expect(meter.read('7', [part('b', { memory_peak_bytes: 2 })], 0)).toEqual({ memory_peak_bytes: 9 });
  const steps = [part('s', { processes: 2, io_reads: 4 }), part('t', { processes: 3, io_reads: 5 })];
  expect(meter.read('8', steps, 0)).toEqual({ processes: 5, io_reads: 9 });
});

test('a meter goes on where another one ended, its last span included', () => {
  const first = createMeter();
  first.read('7', cpu('a', 100), 9_000_000);
  first.read('7', cpu('b', 10), 9_002_000);
  const saved = JSON.parse(JSON.stringify(first.save()));
  const second = createMeter(saved);
  expect(second.read('7', cpu('b', 12), 9_004_000)).toEqual({ cpu_seconds: 112, cpus_used: 1 });
  second.forget('7');
  expect(second.read('7', cpu('c', 1), 9_900_000)).toEqual({ cpu_seconds: 1 });
});

test('jobs that were not seen for longest are forgotten first', () => {
  const meter = createMeter();
  meter.read('old', cpu('a', 5), 0);
  meter.read('used', cpu('a', 5), 0);
  for (let job = 0; job < 20_000; job++) {
    meter.read(`${job}`, cpu('a', 1), 0);
    if (job === 10_000) meter.read('used', cpu('a', 6), 0);
  }
  expect(Object.keys(meter.save())).toHaveLength(20_000);
  expect(meter.read('used', cpu('b', 1), 0).cpu_seconds).toBe(7);
  expect(meter.read('old', cpu('b', 1), 0).cpu_seconds).toBe(1);
});

test('whatever a directory says, counters never fall and grow by no more than it says', () => {
  const step = fc.record({ source: fc.constantFrom('a', 'b'), seconds: fc.nat(1000), isLossy: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const meter = createMeter();
      let total = 0;
      for (const { source, seconds, isLossy } of steps) {
        const now = meter.read('7', cpu(source, seconds, isLossy), 0).cpu_seconds!;
        expect(now).toBeGreaterThanOrEqual(total);
        expect(now - total).toBeLessThanOrEqual(seconds);
        total = now;
      }
    }),
  );
});
