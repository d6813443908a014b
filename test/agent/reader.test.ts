import { expect, test } from 'bun:test';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

test('a job that is requeued counts from 0, and is told its CPUs in use from its first reading on', async () => {
  const job = '/c/slurmstepd.scope/job_7';
  using folder = unpackTree('==> /proc/1/mountinfo <==\n1 2 0:3 / /c rw - cgroup2 cgroup2 rw\n');
  let nowMs = 0;
  const reader = createReader({
    node: 'node01',
    root: folder.path,
    hookSpool: '/var/spool/hpc-observe',
    intervalMs: 15_000,
    version: '1.2.3',
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    warn() {},
  });
  const key = { jobId: '7' };
  const run = async (cpuSeconds: number) => {
    mkdirSync(`${folder.path}${job}/step_batch`, { recursive: true });
    reader.begin(key);
    nowMs += 2000;
    writeFileSync(`${folder.path}${job}/step_batch/cgroup.procs`, '4711\n');
    writeFileSync(`${folder.path}${job}/cpu.stat`, `usage_usec ${cpuSeconds * 1e6}\n`);
    const { cpu_seconds, cpus_used } = (await reader.read([key])).readings[0]!.values;
    rmSync(`${folder.path}${job}`, { recursive: true });
    reader.end(key);
    nowMs += 60_000;
    return [cpu_seconds, cpus_used];
  };
  expect(await run(100)).toEqual([100, 50]);
  expect(await run(4)).toEqual([4, 2]);
});
