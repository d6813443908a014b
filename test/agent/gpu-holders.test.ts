import { expect, test } from 'bun:test';
import type { GpuDevice } from '../../src/agent/collectors/gpu.ts';
import {
  attributeGpus,
  type GpuClaim,
  type GpuOrder,
  readGpuOrder,
  readMinors,
} from '../../src/agent/gpu-holders.ts';

const gpu = (uuid: string, bus: string, minor: number, more: Partial<GpuDevice> = {}): GpuDevice => ({
  uuid: `GPU-${uuid}`,
  vendor: 'nvidia',
  busId: `0000:${bus}:00.0`,
  minor,
  values: { gpu_utilization_percent: minor * 10 },
  ...more,
});
const NODE = [gpu('b', '3b', 1), gpu('a', '1a', 0), gpu('c', '89', 2)];
/** AMD hosts on which the driver numbers GPUs in another order than the bus (jobstats#34). */
const TWISTED = [gpu('a', '1a', 2), gpu('b', '3b', 0), gpu('c', '89', 1)];

const claim = (key: string, gpuIds: readonly string[], more: Partial<GpuClaim> = {}): GpuClaim => ({
  key,
  held: { jobId: key, gpuIds, isPart: false, prologMs: 0 },
  ...more,
});

function holders(claims: readonly GpuClaim[], devices: readonly GpuDevice[], order?: GpuOrder) {
  const { gpus, troubles } = attributeGpus(claims, devices, order);
  return { gpus: [...gpus].map(([key, held]) => [key, ...held.map(({ uuid }) => uuid)]), troubles };
}

test("Slurm's numbers count GPUs by their place on the bus", () => {
  const { gpus, troubles } = holders([claim('1', ['0', '2']), claim('2', ['1']), claim('3', [])], NODE);
  expect(gpus).toEqual([['1', 'GPU-a', 'GPU-c'], ['2', 'GPU-b'], ['3']]);
  expect(troubles).toEqual([]);
});

test('a UUID is the GPU itself, also its beginning, in capitals, or of one that is not seen', () => {
  const { gpus } = holders([claim('1', ['GPU-C', 'GPU-gone']), claim('2', ['GPU-a'])], TWISTED);
  expect(gpus).toEqual([
    ['1', 'GPU-c', 'GPU-gone'],
    ['2', 'GPU-a'],
  ]);
});

test('where both orders of counting differ, numbers are of no GPU until gres.conf says the order', () => {
  const unknown = holders([claim('7', ['0'])], TWISTED);
  expect(unknown.gpus).toEqual([['7']]);
  expect(unknown.troubles[0]).toContain('Which GPUs the job 7 holds is unknown');
  expect(unknown.troubles[0]).toContain('gres.conf');
  expect(holders([claim('7', ['0'])], TWISTED, 'bus').gpus).toEqual([['7', 'GPU-a']]);
  expect(holders([claim('7', ['0'])], TWISTED, 'file').gpus).toEqual([['7', 'GPU-b']]);
});

test('the list of devices of a cgroup is exact, unless it opens other GPUs than Slurm gave', () => {
  expect(holders([claim('1', ['0'], { minors: [2] })], TWISTED).gpus).toEqual([['1', 'GPU-a']]);
  expect(holders([{ key: '1', minors: [1, 0] }], NODE).gpus).toEqual([['1', 'GPU-b', 'GPU-a']]);
  expect(holders([claim('1', ['0'], { minors: [0, 1, 2] })], NODE).gpus).toEqual([['1', 'GPU-a']]);
  expect(holders([claim('1', [], { minors: [0, 1, 2] })], NODE).gpus).toEqual([['1']]);
  expect(holders([{ key: '1', minors: [7] }], NODE).gpus).toEqual([['1']]);
});

test('a number that no GPU has is told, and no other GPU is taken', () => {
  const { gpus, troubles } = holders([claim('1', ['0', '3'])], NODE);
  expect(gpus).toEqual([['1']]);
  expect(troubles[0]).toContain('the GPUs 0, 3, but this node has 3');
});

test('a GPU of two jobs is of neither, and a part of one neither', () => {
  const { gpus } = attributeGpus(
    [
      claim('1', ['0']),
      claim('2', ['0', '1']),
      { key: '3', held: { jobId: '3', gpuIds: ['2'], isPart: true, prologMs: 0 } },
    ],
    NODE,
  );
  expect(gpus.get('1')).toEqual([{ uuid: 'GPU-a', isShared: true, values: {} }]);
  expect(gpus.get('2')).toEqual([
    { uuid: 'GPU-a', isShared: true, values: {} },
    { uuid: 'GPU-b', values: { gpu_utilization_percent: 10 } },
  ]);
  expect(gpus.get('3')?.[0]?.isShared).toBe(true);
});

test('a GPU that is held and not used is 0, and one that nobody could read has no values', () => {
  const devices = [gpu('a', '1a', 0), gpu('b', '3b', 1, { values: {} })];
  const { gpus } = attributeGpus([claim('1', ['0', '1'])], devices);
  expect(gpus.get('1')?.map(({ values }) => values)).toEqual([{ gpu_utilization_percent: 0 }, {}]);
});

test('slices are known by UUID only, and whoever holds all of their GPU shares it', () => {
  const slice: GpuDevice = {
    uuid: 'MIG-1',
    vendor: 'nvidia',
    parent: 'GPU-a',
    values: { gpu_memory_used_bytes: 5 },
  };
  const devices = [gpu('a', '1a', 0, { isDivided: true }), slice];
  const { gpus } = attributeGpus([claim('1', ['MIG-1']), claim('2', ['GPU-a'])], devices);
  expect(gpus.get('1')).toEqual([{ uuid: 'MIG-1', values: { gpu_memory_used_bytes: 5 } }]);
  expect(gpus.get('2')).toEqual([{ uuid: 'GPU-a', isShared: true, values: {} }]);
  expect(holders([claim('3', ['0'])], devices).troubles[0]).toContain('AutoDetect=nvml');
  expect(holders([{ key: '3', minors: [0] }], devices).gpus).toEqual([['3']]);
});

test('two vendors on a node count for themselves, so that a number is of neither', () => {
  const devices = [gpu('a', '1a', 0), gpu('b', '3b', 128, { vendor: 'amd' })];
  expect(holders([claim('1', ['0'])], devices)).toMatchObject({ gpus: [['1']] });
});

test('no GPU is seen, and none is made up', () => {
  expect(holders([claim('1', ['0'])], [])).toEqual({ gpus: [['1']], troubles: [] });
});

test.each([
  ['AutoDetect=nvml\n', 'bus'],
  ['autodetect = RSMI # File=x\nName=gpu Type=a100\n', 'bus'],
  ['AutoDetect=off\nName=gpu File=/dev/nvidia[0-7]\n', 'file'],
  ['NodeName=n[1-4] Name=gpu Type=v100 File=/dev/nvidia[0-3] Cores=0-3\n', 'file'],
  ['AutoDetect=nvml\nNodeName=n9 Name=gpu File=/dev/nvidia0\n', undefined],
  ['# AutoDetect=nvml\nName=nic File=/dev/mlx5_0\n', undefined],
  ['', undefined],
] as const)('gres.conf %j counts by %p', (text, order) => {
  expect(readGpuOrder(text)).toBe(order);
});

test.each([
  ['a *:* rwm\n', undefined],
  ['c *:* m\nc 195:* rwm\n', undefined],
  ['c 1:3 rwm\nc 195:255 rwm\nc 195:254 rw\nc 195:3 rwm\nc 195:0 rwm\nb 195:2 rwm\n', [0, 3]],
  ['', []],
])('the list of devices %j opens the GPUs %j', (text, minors) => {
  expect(readMinors(text)).toEqual(minors);
});
