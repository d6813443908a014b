import { expect, test } from 'bun:test';
import { chooseFields, codesOf, defaultFields, GPU_FIELDS } from '../../src/domain/reading-fields.ts';

test('fields are chosen in the given order, each once, and only further measures have a code', () => {
  const fields = chooseFields(['io_read_bytes', 'cpu_usage', 'cpu_seconds', 'io_read_bytes']);
  expect(fields).toEqual(['io_read_bytes', 'cpu_usage', 'cpu_seconds']);
  expect(codesOf(fields)).toEqual([14, 1]);
  expect(codesOf(defaultFields())).toEqual([]);
});

test('readings of GPUs have all measures of GPUs by default', () => {
  expect(defaultFields('gpu')).toBe(GPU_FIELDS);
  expect(GPU_FIELDS).toContain('gpu_power_watts');
  expect(GPU_FIELDS).not.toContain('gpu_energy_joules' as never);
});

test.each([
  [['cpu_usage', 'io_reed_bytes'], undefined, '"io_reed_bytes", which is not a field; write io_read_bytes.'],
  [['CPU_USAGE'], undefined, 'write cpu_usage.'],
  [['weather'], undefined, '"weather", which is not a field: it takes cpu_usage,'],
  [[''], undefined, '""'],
  [['constructor'], undefined, '"constructor"'],
  [['gpu_power_watts', 'cpu_usage'], 'gpu', 'cpu_usage is measured of the job on a node'],
  [['gpu_energy_joules'], 'gpu', 'by=gpu has gpu_utilization_percent,'],
] as const)('the fields %j are refused with the reason', (names, by, says) => {
  expect(() => chooseFields(names, by)).toThrow(says);
});
