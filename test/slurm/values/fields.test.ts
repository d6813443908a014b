import { expect, test } from 'bun:test';
import { createSeparator } from '../../../src/slurm/records/separator.ts';
import { readArrayTask } from '../../../src/slurm/values/array-task.ts';
import { readChosen, readText } from '../../../src/slurm/values/blank.ts';
import { readCount } from '../../../src/slurm/values/count.ts';
import { cpusOfNode, readCpuGroups } from '../../../src/slurm/values/cpus.ts';
import { readExit, readWaitStatus } from '../../../src/slurm/values/exit.ts';
import { readMemoryMb } from '../../../src/slurm/values/memory.ts';
import { readSluid, readSluids } from '../../../src/slurm/values/sluid.ts';
import { readTimeLimitSeconds, readTimeMs } from '../../../src/slurm/values/time.ts';
import { readTres } from '../../../src/slurm/values/tres.ts';

test.each(['', '(null)', 'N/A', 'n/a', 'NONE', 'None', 'Unknown', 'UNKNOWN', 'Unassigned', 'None assigned'])(
  'the column text %p is read as empty',
  (text) => {
    expect(readText(text)).toBeUndefined();
  },
);

test.each(['none', 'Nora', 'unknown-project', 'normal', '(nul'])(
  'the column text %p is read as it is',
  (text) => {
    expect(readText(text)).toBe(text);
  },
);

test('a chosen text may be None, but (null) is read as empty', () => {
  expect(readChosen('None')).toBe('None');
  expect(readChosen('(null)')).toBeUndefined();
  expect(readChosen('')).toBeUndefined();
});

test.each([
  [4, 4],
  ['4', 4],
  [0, 0],
  [{ set: true, infinite: false, number: 4 }, 4],
  [{ set: false, infinite: false, number: 4 }, undefined],
  [{ set: true, infinite: true, number: 4 }, undefined],
  [{ set: true, infinite: false, number: 0xffffffff }, undefined],
  [{ number: { number: 4 } }, undefined],
  [0xfffffffe, undefined],
  ['4294967294', undefined],
  [0xffffffff, undefined],
  [1.5, undefined],
  [-1, undefined],
  [Number.NaN, undefined],
  ['', undefined],
  ['0x10', undefined],
  ['N/A', undefined],
  [null, undefined],
  [true, undefined],
])('%p is read as the count %p', (value, count) => {
  expect(readCount(value)).toBe(count);
});

test.each([
  ['1795477427', 1_795_477_427_000],
  ['2026-11-23T03:59:25', Date.UTC(2026, 10, 23, 3, 59, 25)],
  ['2024-02-29T23:59:59', Date.UTC(2024, 1, 29, 23, 59, 59)],
  ['2026-11-23T03:59:25Z', Date.UTC(2026, 10, 23, 3, 59, 25)],
  ['2026-02-30T03:59:25', undefined],
  ['2026-11-23T24:00:00', undefined],
  ['2026-11-23T03:60:00', undefined],
  ['2026-11-23T03:59:6x', undefined],
  ['1969-12-31T23:59:59', undefined],
  ['0', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['', undefined],
  ['Unknown', undefined],
  ['N/A', undefined],
  ['None', undefined],
  ['999999999999999', undefined],
  [undefined, undefined],
])('%p is read as the time %p', (text, timeMs) => {
  expect(readTimeMs(text)).toBe(timeMs);
});

test.each([
  ['10', 600],
  ['10:00', 600],
  ['01:30:00', 5400],
  ['1-00', 86_400],
  ['1-02:03', 93_780],
  ['1-02:03:04', 93_784],
  ['0', 0],
  ['UNLIMITED', undefined],
  ['INVALID', undefined],
  ['Partition_Limit', undefined],
  ['NOT_SET', undefined],
  ['1-', undefined],
  ['10:', undefined],
  ['1:2:3:4', undefined],
  ['-10', undefined],
  ['', undefined],
])('%p is read as a time limit of %p seconds', (text, seconds) => {
  expect(readTimeLimitSeconds(text)).toBe(seconds);
});

test.each([
  ['150M', {}, 150],
  ['118G', {}, 120_832],
  ['1.50T', {}, 1_572_864],
  ['512K', {}, 1],
  ['200', {}, 200],
  ['4000Mc', { cpus: 3 }, 12_000],
  ['4000Mc', {}, undefined],
  ['16Gn', { nodes: 2 }, 32_768],
  ['16Gn', { cpus: 2 }, undefined],
  ['0', {}, undefined],
  ['0n', { nodes: 2 }, undefined],
  ['', {}, undefined],
  ['M', {}, undefined],
  ['-5M', {}, undefined],
  ['5Mb', {}, undefined],
  ['999999999999999E', {}, undefined],
])('%p with the counts %p is read as %p MB', (text, counts, memoryMb) => {
  expect(readMemoryMb(text, counts)).toBe(memoryMb);
});

test.each([
  [
    'billing=1,cpu=3,mem=150M,node=3,gres/gpu=2,gres/gpu:a100=2',
    { cpus: 3, memoryMb: 150, nodes: 3, gpus: 2 },
  ],
  ['cpu=1,gres/gpu:a100=1,gres/gpu:1g.10gb=2', { cpus: 1, gpus: 3 }],
  ['gres/gpu:a100=1,gres/gpu=3', { gpus: 3 }],
  ['gres/gpu=3,gres/gpu:a100=1', { gpus: 3 }],
  ['cpu=2,gres/gpu=0', { cpus: 2, gpus: 0 }],
  ['gres/gpumem=40G,gres/gpuutil=3,gres/shard=4,fs/disk=6', {}],
  ['cpu=2,energy=480000', { cpus: 2, energyJoules: 480_000 }],
  ['energy=18446744073709551614', {}],
  ['cpu=4294967294,mem=0,=3,cpu,node=two,,', {}],
  ['', {}],
  ['N/A', {}],
  [undefined, {}],
])('the TRES %p are read as %p', (text, tres) => {
  expect(readTres(text)).toEqual(tres);
});

test.each<[text: string, cpus: number[]]>([
  ['4(x2),2', [4, 4, 2]],
  ['1', [1]],
  ['1(x3)', [1, 1, 1]],
  ['1(x100001)', []],
  ['1(x99999),1(x2)', []],
  ['4(x0)', []],
  ['4(x', []],
  ['0', []],
  ['4,', []],
  ['', []],
])('%p is read as the CPUs %p of consecutive nodes', (text, cpus) => {
  const nodes = cpus.length;
  const groups = readCpuGroups(text);
  // One position more than there are nodes: it must be undefined.
  const found = Array.from({ length: nodes + 1 }, (_, position) => cpusOfNode(groups, position));
  expect(found).toEqual([...cpus, undefined]);
});

test.each([
  ['3:0', { exitCode: 3 }],
  ['0:0', { exitCode: 0 }],
  ['0:11', { signal: 11 }],
  ['1:15', { exitCode: 1, signal: 15 }],
  ['', {}],
  ['3', {}],
  ['a:b', {}],
  [undefined, {}],
])('%p is read as the exit %p', (text, exit) => {
  expect(readExit(text)).toEqual(exit);
});

test.each([
  [0, { exitCode: 0 }],
  [768, { exitCode: 3 }],
  [33_280, { exitCode: 130 }],
  [11, { signal: 11 }],
  // With the core dump flag.
  [139, { signal: 11 }],
  [0x10000, {}],
  [undefined, {}],
])('the wait status %p is read as the exit %p', (status, exit) => {
  expect(readWaitStatus(status)).toEqual(exit);
});

test.each([
  ['8_3', { arrayJobId: '8', arrayTaskId: 3 }],
  ['12_[1-3]', { arrayJobId: '12' }],
  ['8_[0-4]', { arrayJobId: '8' }],
  ['8_[0-4%2]', { arrayJobId: '8', arrayTaskLimit: 2 }],
  ['8_[0,2,4%10]', { arrayJobId: '8', arrayTaskLimit: 10 }],
  ['8_[0-4%1', { arrayJobId: '8' }],
  // Slurm truncates long task lists.
  ['8_[1,3,5,...', { arrayJobId: '8' }],
  ['20+1', {}],
  ['7', {}],
  ['8_', {}],
  ['8_x', {}],
  ['_3', {}],
])('the displayed job id %p is read as the array task %p', (displayedId, task) => {
  expect(readArrayTask(displayedId)).toEqual(task);
});

test('separators are unique and contain nothing that squeue reads as a column width', () => {
  const separators = Array.from({ length: 100 }, createSeparator);
  expect(new Set(separators).size).toBe(100);
  for (const separator of separators) expect(separator).toMatch(/^\|[a-z]{8}\|$/);
});

test.each(['s685M87SK4CK00', 'sC4HM87T6T2P00'])('%p is accepted as a SLUID', (text) => {
  expect(readSluid(text)).toBe(text);
});

test.each([
  '',
  '(null)',
  'N/A',
  's685M87SK4CK0',
  's685M87SK4CK000',
  '685M87SK4CK00',
  's685m87sk4ck00',
  undefined,
])('%p is not accepted as a SLUID', (text) => {
  expect(readSluid(text)).toBeUndefined();
});

test('the SLUID of a run is the one it began with', () => {
  const [first, later] = ['s685M87SK4CK00', 's685M87SKAC700'];
  expect(readSluids(first, undefined)).toEqual({ sluid: first });
  expect(readSluids(first, first)).toEqual({ sluid: first });
  expect(readSluids(later, first)).toEqual({ sluid: first, otherSluids: [later] });
  expect(readSluids('', '')).toEqual({});
});
