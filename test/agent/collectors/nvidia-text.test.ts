import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { keepLikely, readBusId, readNumber } from '../../../src/agent/collectors/gpu.ts';
import {
  chooseFields,
  parseGpus,
  parseInformation,
  parseList,
  parseSlices,
} from '../../../src/agent/collectors/nvidia-text.ts';

const fixture = (name: string) => readFileSync(`test/fixtures/gpu/${name}`, 'utf8');
const FIELDS = chooseFields(fixture('nvidia-help.txt'));
const UUID = 'GPU-11111111-aaaa-bbbb-cccc-00000000000';

test('fields have the names of the driver here, and unknown ones are not asked for', () => {
  expect(FIELDS.map(({ asked }) => asked)).toEqual([
    'uuid',
    'pci.bus_id',
    'name',
    'mig.mode.current',
    'utilization.gpu',
    'memory.used',
    'memory.total',
    'power.draw',
    'temperature.gpu',
    'clocks_event_reasons.active',
  ]);
  const older = chooseFields(fixture('nvidia-help-470.txt')).map(({ asked }) => asked);
  expect(older).toContain('clocks_throttle_reasons.active');
  expect(older).not.toContain('mig.mode.current');
  expect(chooseFields('NVIDIA-SMI has failed')).toEqual([]);
});

test('GPUs are read in bytes, a lost one leaves the others, and every form of N/A is absent', () => {
  const { devices, lost, dropped } = parseGpus(fixture('nvidia-rows.txt'), FIELDS);
  expect(devices.map(({ uuid }) => uuid)).toEqual([`${UUID}1`, `${UUID}2`, `${UUID}4`]);
  expect(devices.map(({ busId }) => busId)).toEqual(['0000:1a:00.0', '0000:3b:00.0', '0000:b2:00.0']);
  expect(devices.map(({ values }) => values)).toEqual([
    {
      gpu_utilization_percent: 87,
      gpu_memory_used_bytes: 40536 * 2 ** 20,
      gpu_memory_total_bytes: 80 * 2 ** 30,
      gpu_power_watts: 312.41,
      gpu_temperature_celsius: 61,
      gpu_throttled: 0,
      gpu_throttled_by_heat: 0,
      gpu_throttled_by_power: 0,
    },
    {
      gpu_utilization_percent: 0,
      gpu_memory_used_bytes: 3 * 2 ** 20,
      gpu_memory_total_bytes: 80 * 2 ** 30,
      gpu_power_watts: 54.02,
      gpu_temperature_celsius: 33,
      gpu_throttled: 0,
      gpu_throttled_by_heat: 0,
      gpu_throttled_by_power: 0,
    },
    {
      gpu_memory_total_bytes: 80 * 2 ** 30,
      gpu_throttled: 1,
      gpu_throttled_by_heat: 1,
      gpu_throttled_by_power: 1,
    },
  ]);
  expect([lost, dropped]).toEqual([['0000:89:00.0'], 0]);
});

// The bits are those of nvmlClocksEventReasons in nvml.h.
test.each<[what: string, reasons: string, throttled: number, byHeat: number, byPower: number]>([
  ['idles', '0x0000000000000001', 0, 0, 0],
  ['has a setting of its clocks', '0x0000000000000112', 0, 0, 0],
  ['is at its power limit', '0x0000000000000004', 1, 0, 1],
  ['is slowed down by the board', '0x0000000000000008', 1, 0, 0],
  ['is too hot for the driver', '0x0000000000000020', 1, 1, 0],
  ['is too hot for the board', '0x0000000000000048', 1, 1, 0],
  ['has a power brake', '0x0000000000000088', 1, 0, 1],
])('a GPU that %s', (_, reasons, throttled, byHeat, byPower) => {
  const row = fixture('nvidia-rows.txt')
    .split('\n')[0]!
    .replace(/0x\d+$/, reasons);
  const { gpu_throttled, gpu_throttled_by_heat, gpu_throttled_by_power } = parseGpus(row, FIELDS).devices[0]!
    .values;
  expect([gpu_throttled, gpu_throttled_by_heat, gpu_throttled_by_power]).toEqual([
    throttled,
    byHeat,
    byPower,
  ]);
});

test.each([
  '[N/A]',
  'N/A',
  '[Not Supported]',
  '[Unknown Error]',
  '[Requested functionality has been deprecated]',
  '',
])('the word %p in place of a number is no value', (word) => {
  expect(readNumber(word)).toBeUndefined();
});

test('values that no GPU can have are left out and counted', () => {
  const row = fixture('nvidia-rows.txt').split('\n')[0]!;
  const lying = row.replace(' 87,', ' 4294967295,').replace(' 40536,', ' 99999,').replace(' 61,', ' -1,');
  const { devices, dropped } = parseGpus(lying, FIELDS);
  expect(Object.keys(devices[0]!.values)).toEqual([
    'gpu_memory_total_bytes',
    'gpu_power_watts',
    'gpu_throttled',
    'gpu_throttled_by_heat',
    'gpu_throttled_by_power',
  ]);
  expect(dropped).toBe(3);
  expect(keepLikely({ gpu_power_watts: 10_001, gpu_temperature_celsius: 151 })).toEqual({
    values: {},
    dropped: 2,
  });
});

test.each([
  ['a page of HTML', '<html>\n<p>no</p>'],
  ['a cut row', 'GPU-11111111-aaaa-bbbb-cccc-000000000001, 00000000:1A'],
  ['a row without a UUID', 'x, 00000000:1A:00.0, A, Disabled, 1, 2, 3, 4, 5, 0x0'],
  ['zero bytes', '\0\0\0,\0'],
])('%s is no GPU', (_, text) => {
  expect(parseGpus(text, FIELDS)).toEqual({ devices: [], lost: [], dropped: 0 });
});

test('a GPU that says in its row that it is lost is told', () => {
  const row = `${UUID}1, 00000000:1A:00.0, A100, Disabled, ${Array(6).fill('[GPU is lost]').join(', ')}`;
  const { devices, lost } = parseGpus(row, FIELDS);
  expect([devices[0]?.values, lost]).toEqual([{}, [`${UUID}1`]]);
});

test('slices of MIG have memory and never a utilization', () => {
  const gpus = parseGpus(fixture('nvidia-mig-rows.txt'), FIELDS);
  expect(gpus.devices[0]).toMatchObject({ isDivided: true });
  expect(gpus.devices[0]?.values.gpu_utilization_percent).toBeUndefined();
  const slices = parseSlices(fixture('nvidia-mig.xml'), parseList(fixture('nvidia-mig-list.txt')));
  expect(slices.devices.map(({ uuid, model, parent, values }) => [uuid, model, parent, values])).toEqual([
    [
      'MIG-22222222-aaaa-bbbb-cccc-000000000001',
      'MIG 3g.20gb',
      `${UUID}1`,
      { gpu_memory_used_bytes: 1000 * 2 ** 20, gpu_memory_total_bytes: 19968 * 2 ** 20 },
    ],
    [
      'MIG-22222222-aaaa-bbbb-cccc-000000000002',
      'MIG 1g.5gb',
      `${UUID}1`,
      { gpu_memory_total_bytes: 4864 * 2 ** 20 },
    ],
  ]);
});

test('the driver tells UUIDs and numbers of device files, and question marks are neither', () => {
  const text = `Model: \t\t NVIDIA A100\nIRQ:   \t\t 183\nGPU UUID: \t ${UUID}1\nBus Location: \t 0000:1a:00.0\nDevice Minor: \t 2\n`;
  expect(parseInformation(text)).toEqual({ uuid: `${UUID}1`, model: 'NVIDIA A100', minor: 2 });
  expect(
    parseInformation('GPU UUID: \t GPU-????????-????-????-????-????????????\nDevice Minor: \t 0\n'),
  ).toEqual({
    minor: 0,
  });
});

test.each([
  ['00000000:1A:00.0', '0000:1a:00.0'],
  ['0000:1a:00.0', '0000:1a:00.0'],
  ['00010000:1a:00.0', '10000:1a:00.0'],
  ['1a:00.0', '0000:1a:00.0'],
  ['0', undefined],
])('the place %p on the bus is %p', (text, busId) => {
  expect(readBusId(text)).toBe(busId);
});
