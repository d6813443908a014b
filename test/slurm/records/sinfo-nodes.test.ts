import { expect, test } from 'bun:test';
import { createSinfoReader } from '../../../src/slurm/records/sinfo-nodes.ts';
import { readGpus } from '../../../src/slurm/values/gres.ts';
import { conditionOf } from '../../../src/slurm/values/node-state.ts';
import { readFixture, SEPARATOR } from '../fixture.ts';

/** Reads an output in pieces of `size` characters. */
function readSinfoNodes(text: string, separator: string, size = 100) {
  const reader = createSinfoReader(separator);
  for (let from = 0; from < text.length; from += size) reader.read(text.slice(from, from + size));
  reader.finish();
  return reader;
}

test.each(['', '24.11/', '26.05/'])('every node of a recorded sinfo is read: %psinfo.txt', (folder) => {
  const { nodes, unreadable } = readSinfoNodes(readFixture(`${folder}sinfo.txt`), SEPARATOR);
  expect(unreadable.examples).toEqual([]);
  const known = { cpus: 2, cpusAllocated: 0, memoryMb: 2000, memoryAllocatedMb: 0, gpus: [], features: [] };
  expect([...nodes.values()]).toEqual([
    {
      ...{ ...known, node: 'node01', state: 'down', condition: 'down' },
      ...{ reason: 'not responding', partitions: ['debug', 'short'] },
    },
    {
      ...{ ...known, node: 'node02', state: 'idle+drain', condition: 'drained' },
      ...{ reason: 'bad fan | replaced soon, ask "ops" now', partitions: ['debug'] },
    },
    {
      ...{ ...known, node: 'node03', state: 'mixed', condition: 'up', partitions: ['debug'] },
      ...{ cpusAllocated: 1, memoryAllocatedMb: 100, features: ['gpu', 'ib'] },
      gpus: [{ model: 'a100', total: 2, allocated: 1 }],
    },
  ]);
});

test('records that are none are counted and left out', () => {
  const text = readFixture('sinfo.txt');
  const { nodes, unreadable } = readSinfoNodes(`rubbish${SEPARATOR}\n${text}cut${SEPARATOR}off`, SEPARATOR);
  expect([nodes.size, unreadable.count]).toEqual([3, 2]);
});

test.each([
  ['(null)', '(null)', []],
  ['gpu:2', 'gpu:0', [{ total: 2, allocated: 0 }]],
  ['gpu:(null):2(S:0-1)', 'gpu:(null):1(IDX:0,1)', [{ total: 2, allocated: 1 }]],
  [
    'gpu:a100:4(S:0-1),shard:8,gpu:h100:2,gpu:a100:1',
    'gpu:a100:3(IDX:0,2-3),gpu:h100:0(IDX:N/A),shard:0',
    [
      { model: 'a100', total: 5, allocated: 3 },
      { model: 'h100', total: 2, allocated: 0 },
    ],
  ],
  ['gpu:a100:many,nic:4', '', []],
])('the GPUs of %s with %s in use', (gres, used, expected) => {
  expect(readGpus(gres, used)).toEqual(expected as ReturnType<typeof readGpus>);
});

test.each([
  ['idle', 'up'],
  ['ALLOCATED+COMPLETING', 'up'],
  ['idle+cloud+powered_down', 'up'],
  ['mixed+drain', 'drained'],
  ['idle+maint', 'drained'],
  ['down+drain', 'down'],
  ['idle+not_responding', 'down'],
] as const)('a node that is %s is %s', (state, condition) => {
  expect(conditionOf(state)).toBe(condition);
});
