import { expect, test } from 'bun:test';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createMeter } from '../../src/agent/meter.ts';
import { pathsUnder } from '../../src/agent/paths.ts';
import { keyText } from '../../src/agent/reading.ts';
import { type RoundOptions, readRound } from '../../src/agent/round.ts';
import { unpackTree } from '../help/captured-tree.ts';

const FIXTURES = 'test/fixtures/agent';
const CLOCK = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 5000 };

/** The layouts of Slurm's cgroups: three captured, the others made. */
const TREES = [...new Bun.Glob('*.txt').scanSync(FIXTURES)].map((name) => name.slice(0, -4)).sort();

async function readTree(path: string, options: Partial<RoundOptions> = {}) {
  const round = await readRound({
    paths: pathsUnder(path),
    node: 'node01',
    meter: createMeter(),
    clock: CLOCK,
    ...options,
  });
  const readings = round.readings.toSorted((one, other) =>
    keyText(one.key).localeCompare(keyText(other.key)),
  );
  return { ...round, readings };
}

test('there are trees of at least ten layouts', () => {
  expect(TREES.length).toBeGreaterThanOrEqual(10);
});

test.each(TREES)('jobs in the tree %s are found and read', async (name) => {
  using folder = unpackTree(readFileSync(`${FIXTURES}/${name}.txt`, 'utf8'));
  const round = await readTree(folder.path);
  const file = `${FIXTURES}/${name}.golden.json`;
  if (process.env.WRITE_GOLDEN) await Bun.write(file, `${JSON.stringify(round, null, 2)}\n`);
  expect(round).toEqual(JSON.parse(readFileSync(file, 'utf8')));
});

const MOUNTS = '==> /proc/1/mountinfo <==\n1 2 0:3 / /c rw - cgroup2 cgroup2 rw\n';
const JOB = '/c/slurmstepd.scope/job_1';

test('a job that ends while it is read is counted, and the others are read', async () => {
  const other = '/c/slurmstepd.scope/job_2';
  using folder = unpackTree(`${MOUNTS}==> ${JOB}/cpu.stat <==\n==> ${other}/cpu.stat <==\nusage_usec 1\n`);
  const nowMs = () => {
    rmSync(`${folder.path}${JOB}`, { recursive: true, force: true });
    return 1;
  };
  const round = await readTree(folder.path, { clock: { ...CLOCK, nowMs } });
  expect(round.readings.map(({ key }) => keyText(key))).toEqual(['2']);
  expect([round.ended, round.troubles]).toEqual([1, []]);
});

test('a file that cannot be read is one trouble of its collector, and the others go on', async () => {
  using folder = unpackTree(`${MOUNTS}==> ${JOB}/memory.current <==\n5\n`);
  mkdirSync(`${folder.path}${JOB}/cpu.stat`);
  const round = await readTree(folder.path);
  expect(round.readings[0]?.values).toEqual({ memory_current_bytes: 5, processes: 0, threads: 0 });
  expect(round.troubles.map(({ collector }) => collector)).toEqual(['cpu']);
  expect(round.troubles[0]?.message).toContain('Run the agent as');
});

test('values that no job can have are left out and counted', async () => {
  const lies = `==> ${JOB}/io.stat <==\n8:0 rbytes=-5 wbytes=x rios=3 wios=4\n`;
  using folder = unpackTree(`${MOUNTS}${lies}==> ${JOB}/memory.current <==\n99999999999999999999\n`);
  const round = await readTree(folder.path);
  expect(round.readings[0]?.values).toEqual({ io_reads: 3, io_writes: 4, processes: 0, threads: 0 });
  expect(round.dropped).toBe(3);
});

test('a job without processes holds no memory, also where no cgroup counts it', async () => {
  using folder = unpackTree(`${MOUNTS}==> ${JOB}/step_0/cgroup.procs <==\n`);
  const round = await readTree(folder.path, { allocatedCpus: () => 4 });
  expect(round.readings[0]?.values).toEqual({
    processes: 0,
    threads: 0,
    cpus_allocated: 4,
    memory_anonymous_bytes: 0,
  });
  expect(round.troubles).toEqual([]);
});

test('a round of some jobs leaves the others alone', async () => {
  using folder = unpackTree(readFileSync(`${FIXTURES}/v2-plain.txt`, 'utf8'));
  const round = await readTree(folder.path, { keys: [{ jobId: '4712' }, { jobId: '1' }] });
  expect(round.readings.map(({ key }) => keyText(key))).toEqual(['4712']);
});

test('a job whose groups are not all there yet is not read by its processes', async () => {
  using folder = unpackTree(readFileSync(`${FIXTURES}/v1-freezer-only.txt`, 'utf8'));
  mkdirSync(`${folder.path}/sys/fs/cgroup/cpuacct/slurm_node01`, { recursive: true });
  mkdirSync(`${folder.path}/sys/fs/cgroup/memory/slurm`, { recursive: true });
  const round = await readTree(folder.path);
  expect(round.readings[0]?.values).toEqual({ processes: 2, threads: 3 });
  expect(round.troubles).toEqual([]);
});
