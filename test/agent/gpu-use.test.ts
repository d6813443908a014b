import { expect, test } from 'bun:test';
import { createGpuUse } from '../../src/agent/gpu-use.ts';
import type { GpuReading } from '../../src/agent/reading.ts';
import type { Measured } from '../../src/domain/measure.ts';

const gpu = (values: Measured, position = 0, isShared = false): GpuReading => ({
  uuid: `GPU-${position}`,
  ...(isShared && { isShared }),
  values,
});
const watts = (...all: (number | undefined)[]): GpuReading[] =>
  all.map((one, position) => gpu(one === undefined ? {} : { gpu_power_watts: one }, position));
const busy = (percent: number) => [gpu({ gpu_utilization_percent: percent })];

/** The GPUs of job 1, read again and again. */
function start(options = {}) {
  const use = createGpuUse({ longestSpanMs: 60_000, ...options });
  return {
    ...use,
    /** The GPUs were read at the same time, or had no values. */
    read(gpus: readonly GpuReading[], nowMs: number, readMs: number | undefined = nowMs) {
      const times = readMs === undefined ? [] : gpus.map(({ uuid }) => [uuid, readMs] as const);
      return use.add({ gpus: new Map([['1', gpus]]), readMs: new Map(times) }, nowMs).get('1');
    },
  };
}

test('energy is the power of all GPUs over time, by the mean of both ends', () => {
  const { read } = start();
  expect(read(watts(100, 50), 0)?.gpu_energy_joules).toBe(0);
  expect(read(watts(300, 50), 10_000)?.gpu_energy_joules).toBe(2500);
  expect(read(watts(300, 50), 11_000)).toEqual({
    gpu_energy_joules: 2850,
    gpu_held_seconds: 22,
    gpu_power_seconds: 22,
  });
});

test('a long gap counts nothing, and a short one counts between the readings at its ends', () => {
  const { read } = start();
  read(watts(100), 0);
  expect(read(watts(undefined), 10_000)).toMatchObject({ gpu_energy_joules: 0, gpu_held_seconds: 10 });
  expect(read(watts(100), 20_000)).toMatchObject({ gpu_energy_joules: 2000, gpu_power_seconds: 20 });
  expect(read(watts(100), 80_001)).toMatchObject({ gpu_energy_joules: 2000, gpu_held_seconds: 20 });
  expect(read(watts(100), 90_001)).toMatchObject({ gpu_energy_joules: 3000, gpu_power_seconds: 30 });
});

test('a reading of 0 percent is idle time before and after it, and half of that beside one that is busy', () => {
  const { read } = start();
  read(busy(0), 0);
  expect(read(busy(0), 10_000)?.gpu_idle_seconds).toBe(10);
  expect(read(busy(40), 20_000)?.gpu_idle_seconds).toBe(15);
  expect(read(busy(40), 30_000)).toEqual({ gpu_held_seconds: 30, gpu_idle_seconds: 15 });
});

test('what could not be read is absent, not 0', () => {
  const { read } = start();
  read(watts(undefined), 0);
  expect(read(watts(undefined), 5000)).toEqual({ gpu_held_seconds: 5 });
  expect(read([], 6000)).toEqual({ gpu_held_seconds: 5 });
  expect(start().read([], 0)).toBeUndefined();
});

test('readings without new values hold the GPU on, and repeat no power', () => {
  const { read } = start();
  read(watts(100), 0);
  expect(read(watts(undefined), 1000)).toMatchObject({ gpu_held_seconds: 1, gpu_energy_joules: 0 });
  expect(read(watts(200), 3000, 2000)).toMatchObject({ gpu_held_seconds: 3, gpu_energy_joules: 300 });
});

test('a GPU that another job shares counts for neither, and begins anew afterwards', () => {
  const { read } = start();
  read(watts(100), 0);
  expect(read(watts(100), 10_000)).toMatchObject({ gpu_held_seconds: 10, gpu_energy_joules: 1000 });
  const shared = [gpu({}, 0, true)];
  expect(read(shared, 20_000)).toMatchObject({ gpu_held_seconds: 10, gpu_energy_joules: 1000 });
  expect(read(watts(100), 30_000)).toMatchObject({ gpu_held_seconds: 10, gpu_energy_joules: 1000 });
  expect(start().read(shared, 0)).toBeUndefined();
});

test('all of it goes on where another agent ended, and begins at 0 when the run is forgotten', () => {
  const first = start();
  first.read(watts(100), 0);
  first.read(watts(100), 10_000);
  const second = start({ saved: JSON.parse(JSON.stringify(first.save())) });
  expect(second.read(watts(100), 20_000)).toEqual({
    gpu_energy_joules: 2000,
    gpu_held_seconds: 20,
    gpu_power_seconds: 20,
  });
  second.forget('1');
  expect(second.read(watts(100), 30_000)).toMatchObject({ gpu_energy_joules: 0, gpu_held_seconds: 0 });
});
