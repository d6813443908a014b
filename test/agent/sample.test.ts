import { expect, test } from 'bun:test';
import type { JobReading } from '../../src/agent/reading.ts';
import { sampleOf } from '../../src/agent/sample.ts';
import { NOON_MS } from '../help/clock.ts';

const GIB = 1024 ** 3;
const reading = (fields: Partial<JobReading> = {}): JobReading => ({
  key: { jobId: '7' },
  timeMs: NOON_MS,
  values: { cpus_used: 1, cpus_allocated: 4, memory_anonymous_bytes: GIB, memory_shared_bytes: GIB / 2 },
  gpus: [],
  ...fields,
});
const gpu = (utilization?: number) => ({
  uuid: `GPU-${utilization}`,
  values: utilization === undefined ? {} : { gpu_utilization_percent: utilization },
});

test('CPU is percent of the allocation, memory is anonymous and shared', () => {
  expect(sampleOf(reading(), 'n1')).toEqual({
    jobId: '7',
    node: 'n1',
    timeMs: NOON_MS,
    cpuUsage: 25,
    memoryUsageMb: 1536,
    measures: { cpus_used: 1, cpus_allocated: 4, memory_anonymous_bytes: GIB, memory_shared_bytes: GIB / 2 },
  });
});

test('all that was measured is sent: seconds to the millisecond, bytes as they are, and GPUs that were read', () => {
  const values = {
    ...reading().values,
    cpus_used: 1 / 3,
    cpu_seconds: 5.0049999,
    io_read_bytes: 2 ** 53 - 1,
  };
  const gpus = [
    { uuid: 'GPU-a', values: { gpu_power_watts: 301.234567, gpu_utilization_percent: 50 } },
    { uuid: 'GPU-b', isShared: true, values: {} },
  ];
  const { measures, gpus: sent } = sampleOf(reading({ values, gpus }), 'n1')!;
  expect(measures).toMatchObject({ cpus_used: 0.333, cpu_seconds: 5.005, io_read_bytes: 2 ** 53 - 1 });
  expect(sent).toEqual([{ gpu: 'GPU-a', values: { gpu_power_watts: 301.23, gpu_utilization_percent: 50 } }]);
});

test('a run is named by its SLUID where that is known', () => {
  const sample = sampleOf(reading({ key: { sluid: 's685M87SJRW700' } }), 'n1');
  expect(sample).toMatchObject({ sluid: 's685M87SJRW700' });
  expect(sample).not.toHaveProperty('jobId');
});

test.each([
  [6, 4, 100],
  [0, 4, 0],
  [1, 3, 33.33],
])('%d CPUs used of %d are %d percent', (used, allocated, percent) => {
  const values = { cpus_used: used, cpus_allocated: allocated, memory_anonymous_bytes: 0 };
  expect(sampleOf(reading({ values }), 'n1')?.cpuUsage).toBe(percent);
});

test('a byte of memory is a whole MB', () => {
  const values = { cpus_used: 0, cpus_allocated: 1, memory_anonymous_bytes: 1 };
  expect(sampleOf(reading({ values }), 'n1')?.memoryUsageMb).toBe(1);
});

test('GPU is the mean of the GPUs that could be read; 0 for one that is held and not used', () => {
  const usageOf = (...gpus: JobReading['gpus']) => sampleOf(reading({ gpus }), 'n1')?.gpuUsage;
  expect(usageOf(gpu(0), gpu(50))).toBe(25);
  expect(usageOf(gpu(0), gpu())).toBe(0);
  expect(usageOf(gpu())).toBeUndefined();
  expect(usageOf()).toBeUndefined();
});

test.each([
  ['CPU', { cpus_allocated: 4, memory_anonymous_bytes: 1 }],
  ['the allocation', { cpus_used: 1, memory_anonymous_bytes: 1 }],
  ['memory', { cpus_used: 1, cpus_allocated: 4 }],
])('without %s there is no sample, rather than one with a 0', (_, values) => {
  expect(sampleOf(reading({ values }), 'n1')).toBeUndefined();
});

test('a job that runs nothing on a node has 0 there, also where its CPUs are unknown', () => {
  const usageOf = (values: JobReading['values']) =>
    sampleOf(reading({ values: { memory_anonymous_bytes: 0, ...values } }), 'n1')?.cpuUsage;
  expect(usageOf({ cpus_used: 0.001, processes: 0 })).toBe(0);
  expect(usageOf({ cpus_used: 0.001, processes: 1 })).toBeUndefined();
  expect(usageOf({ cpus_used: 0.4, processes: 0 })).toBeUndefined();
});
