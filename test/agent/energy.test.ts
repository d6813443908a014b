import { expect, test } from 'bun:test';
import { createGpuEnergy } from '../../src/agent/energy.ts';
import type { GpuReading } from '../../src/agent/reading.ts';

const NONE = new Set<string>();
const held = (...watts: (number | undefined)[]): readonly GpuReading[] =>
  watts.map((one, position) => ({
    uuid: `GPU-${position}`,
    values: one === undefined ? {} : { gpu_power_watts: one },
  }));

test('energy is the power of all GPUs over time, by the mean of both ends', () => {
  const energy = createGpuEnergy();
  expect(energy.add(new Map([['1', held(100, 50)]]), NONE, 0).get('1')).toBe(0);
  expect(energy.add(new Map([['1', held(300, 50)]]), NONE, 10_000).get('1')).toBe(2500);
  expect(energy.add(new Map([['1', held(300, 50)]]), NONE, 11_000).get('1')).toBe(2850);
});

test('time without a known power counts nothing, and the energy before stays', () => {
  const energy = createGpuEnergy();
  energy.add(new Map([['1', held(100)]]), NONE, 0);
  energy.add(new Map([['1', held(100)]]), NONE, 10_000);
  expect(energy.add(new Map([['1', held(undefined)]]), NONE, 20_000).get('1')).toBe(1000);
  expect(energy.add(new Map([['1', held(100)]]), NONE, 30_000).get('1')).toBe(1000);
  expect(energy.add(new Map([['1', held(100)]]), NONE, 90_001).get('1')).toBe(1000);
  expect(energy.add(new Map([['1', held(100)]]), NONE, 100_001).get('1')).toBe(2000);
});

test('a job whose GPUs do not say their power has no energy, not 0', () => {
  const energy = createGpuEnergy();
  expect(
    energy.add(
      new Map([
        ['1', held(undefined)],
        ['2', []],
      ]),
      NONE,
      0,
    ).size,
  ).toBe(0);
});

test('energy counts on between two steps, and begins at 0 when the job has left the node', () => {
  const energy = createGpuEnergy();
  energy.add(new Map([['1', held(100)]]), NONE, 0);
  energy.add(new Map([['1', held(100)]]), NONE, 10_000);
  expect(energy.add(new Map(), new Set(['1']), 20_000).get('1')).toBe(1000);
  expect(energy.add(new Map(), NONE, 30_000).size).toBe(0);
  expect(energy.add(new Map([['1', held(100)]]), NONE, 31_000).get('1')).toBe(0);
});
