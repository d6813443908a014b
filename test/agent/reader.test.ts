import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { createReader } from '../../src/agent/reader.ts';
import { unpackTree } from '../help/captured-tree.ts';
import { NOON_MS } from '../help/clock.ts';

const CLOCK = { nowMs: () => NOON_MS, monotonicMs: () => 5000 };

test('a round of all jobs has the report of the node, and one of some jobs has none', async () => {
  using folder = unpackTree(readFileSync('test/fixtures/agent/v2-plain.txt', 'utf8'));
  const reader = createReader({
    node: 'node01',
    root: folder.path,
    hookSpool: '/var/spool/hpc-observe',
    intervalMs: 20_000,
    version: '1.2.3',
    clock: CLOCK,
    warn() {},
  });
  const whole = await reader.read();
  expect(whole.readings.length).toBeGreaterThan(0);
  expect(whole.report).toMatchObject({
    node: 'node01',
    timeMs: NOON_MS,
    version: '1.2.3',
    intervalMs: 20_000,
    jobs: whole.readings.length,
  });
  expect((await reader.read([whole.readings[0]!.key])).report).toBeUndefined();
});
