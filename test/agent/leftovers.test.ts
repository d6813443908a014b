import { expect, test } from 'bun:test';
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readText } from '../../src/agent/file.ts';
import { createLeftovers } from '../../src/agent/leftovers.ts';
import { createMeter } from '../../src/agent/meter.ts';
import { pathsUnder } from '../../src/agent/paths.ts';
import { keyText } from '../../src/agent/reading.ts';
import { readRound } from '../../src/agent/round.ts';
import { unpackTree } from '../help/captured-tree.ts';

const V1 = '/c/cpuacct/slurm/uid_1/job_1';
const V2 = '/u/slurmstepd.scope/job_1';
const LAYOUTS = {
  v1: {
    tree: `==> /proc/1/mountinfo <==\n1 2 0:3 / /c/cpuacct rw - cgroup cgroup rw,cpuacct\n==> ${V1}/cpuacct.usage <==\n1\n`,
    job: V1,
    /** Where Slurm's own process is: that of the step, or the one of PrologFlags=Contain. */
    step: `${V1}/step_extern`,
  },
  v2: {
    tree: `==> /proc/1/mountinfo <==\n1 2 0:3 / /u rw - cgroup2 cgroup2 rw\n==> ${V2}/cpu.stat <==\nusage_usec 1\n`,
    job: V2,
    step: `${V2}/step_extern/slurm`,
  },
};
const OLD_SECONDS = 1_000_000;

/** A node with a job; its clock is an hour after the time of the directories that are old. */
function start(version: keyof typeof LAYOUTS, { isOld = true, isHeld = false } = {}) {
  const { tree, job, step } = LAYOUTS[version];
  const node = unpackTree(tree);
  let nowMs = (OLD_SECONDS + 3600) * 1000;
  const age = () => utimesSync(node.path + job, OLD_SECONDS, OLD_SECONDS);
  if (isOld) age();
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const leftovers = createLeftovers({ clock, readFile: readText });
  const held = {
    jobs: [{ jobId: '1', gpuIds: [], isPart: false, prologMs: 0 }],
    isMissing: false,
    skipped: 0,
  };
  return {
    ...node,
    /** Puts a process into the step, or an empty step without one. */
    putStep(procs: string) {
      mkdirSync(node.path + step, { recursive: true });
      writeFileSync(`${node.path}${step}/cgroup.procs`, procs);
      age();
    },
    removeStep() {
      rmSync(node.path + step, { recursive: true });
      age();
    },
    async read(laterMs = 0) {
      nowMs += laterMs;
      const options = { paths: pathsUnder(node.path), node: 'n1', meter: createMeter(), clock, leftovers };
      const round = await readRound({ ...options, ...(isHeld && { held: () => held }) });
      return { jobs: round.readings.map(({ key }) => keyText(key)), left: round.leftovers.map(keyText) };
    },
  };
}

test.each(['v1', 'v2'] as const)('in %s an old directory without a process is no job', async (version) => {
  using node = start(version);
  expect(await node.read()).toEqual({ jobs: [], left: ['1'] });
  node.putStep('');
  expect(await node.read()).toEqual({ jobs: [], left: ['1'] });
});

test.each(['v1', 'v2'] as const)(
  'in %s a job whose only process is of Slurm holds the node',
  async (version) => {
    using node = start(version);
    node.putStep('4711\n');
    expect(await node.read()).toEqual({ jobs: ['1'], left: [] });
    node.removeStep();
    // It may begin or end just now.
    expect(await start(version, { isOld: false }).read()).toEqual({ jobs: ['1'], left: [] });
  },
);

test.each(['v1', 'v2'] as const)('in %s a job that Prolog says is there runs nothing', async (version) => {
  using node = start(version, { isHeld: true });
  expect(await node.read()).toEqual({ jobs: ['1'], left: [] });
});

test('a directory that has no process for a minute is left over, whatever its time is', async () => {
  using node = start('v1', { isOld: false });
  expect(await node.read()).toEqual({ jobs: ['1'], left: [] });
  expect(await node.read(59_000)).toEqual({ jobs: ['1'], left: [] });
  expect(await node.read(1000)).toEqual({ jobs: [], left: ['1'] });
  node.putStep('4711\n');
  expect(await node.read()).toEqual({ jobs: ['1'], left: [] });
});

test('the word of the kernel that a group has processes is enough', async () => {
  using node = start('v2');
  writeFileSync(`${node.path}${V2}/cgroup.events`, 'populated 1\nfrozen 0\n');
  utimesSync(node.path + V2, OLD_SECONDS, OLD_SECONDS);
  expect((await node.read()).jobs).toEqual(['1']);
  writeFileSync(`${node.path}${V2}/cgroup.events`, 'populated 0\nfrozen 0\n');
  // It is asked again after half a minute.
  expect((await node.read(29_000)).jobs).toEqual(['1']);
  expect((await node.read(1000)).left).toEqual(['1']);
});
