import { afterAll, expect } from 'bun:test';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { readMounts } from '../../src/agent/cgroup/mounts.ts';
import { createMeter } from '../../src/agent/meter.ts';
import { pathsUnder } from '../../src/agent/paths.ts';
import { keyText } from '../../src/agent/reading.ts';
import { readRound } from '../../src/agent/round.ts';
import { type JobEvent, watchJobs } from '../../src/agent/watch.ts';
import { testAsRoot, testWith } from '../help/tool.ts';

// Real cgroups with real processes in them, in the place where Slurm has its own. The node has a name of its
// own, so that jobs of a Slurm on this machine are left alone.

const NODE = `hpc-observe-test-${process.pid}`;
const paths = pathsUnder('/');
const mounts = readMounts(paths);
const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
const rootTest = testAsRoot();
const pythonTest = rootTest === (await import('bun:test')).test ? testWith(['python3']) : rootTest;

/**
 * Burns CPU time, holds memory, prints what it used by the kernel's account of it, and ends with its input.
 */
const PROGRAM = `
import os, resource, sys, time
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
print('ready', flush=True)
sys.stdin.readline()
begin = used()
held = bytearray(os.urandom(1 << 20)) * int(sys.argv[2])
end = time.process_time() + float(sys.argv[1])
while time.process_time() < end: pass
print(used() - begin, flush=True)
sys.stdin.readline()
`;

const made: string[] = [];
const started: Bun.Subprocess[] = [];

interface Group {
  readonly job: string;
  /** Below the job. */
  readonly task: string;
}

/** Containers often have the cgroups of their host without the right to change them. */
function isWritable(point: string): boolean {
  try {
    accessSync(point, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where a job has its groups in a version of cgroups. */
const PLACES = {
  v1: (jobId: string): Group[] =>
    [...mounts.controllers.values()].filter(isWritable).map((point) => ({
      job: `${point}/slurm_${NODE}/uid_0/job_${jobId}`,
      task: 'step_0/task_0',
    })),
  v2: (jobId: string): Group[] =>
    mounts.unified === undefined || !isWritable(mounts.unified)
      ? []
      : [
          {
            job: `${mounts.unified}/system.slice/${NODE}_slurmstepd.scope/job_${jobId}`,
            task: 'step_0/user/task_0',
          },
        ],
};

/** Makes the groups of a job with one task. */
function makeGroups(groups: readonly Group[]): readonly Group[] {
  for (const { job, task } of groups) {
    mkdirSync(`${job}/${task}`, { recursive: true });
    made.push(job);
  }
  return groups;
}

/** Removes a group with all in it, as soon as its processes are gone. */
function removeGroup(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(`${path}/${entry.name}`);
  rmdirSync(path);
}

afterAll(async () => {
  for (const program of started) program.kill('SIGKILL');
  await Promise.all(started.map(({ exited }) => exited));
  for (const job of made) removeGroup(job);
  for (const point of mounts.controllers.values()) removeGroup(`${point}/slurm_${NODE}`);
  if (mounts.unified) removeGroup(`${mounts.unified}/system.slice/${NODE}_slurmstepd.scope`);
});

/** Reads up to a line end, which may come by itself. */
async function readLine(lines: { read(): Promise<{ value?: string | undefined }> }): Promise<string> {
  let line = '';
  while (!line.endsWith('\n')) line += (await lines.read()).value ?? '\n';
  return line.trim();
}

const anonymousBytes = (pid: number): number =>
  Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/** Starts the program and puts it into the groups, before it burns and holds anything. */
async function startProgram(places: readonly Group[], seconds: number, mebibytes: number) {
  const program = Bun.spawn(['python3', '-c', PROGRAM, `${seconds}`, `${mebibytes}`], {
    stdin: 'pipe',
    stdout: 'pipe',
  });
  started.push(program);
  const lines = program.stdout.pipeThrough(new TextDecoderStream()).getReader();
  expect(await readLine(lines)).toBe('ready');
  const beforeBytes = anonymousBytes(program.pid);
  for (const { job, task } of places) {
    // A cpuset has no CPUs at first.
    for (const name of ['cpuset.cpus', 'cpuset.mems'])
      for (const folder of existsSync(`${job}/${name}`) ? above(job, task) : [])
        writeFileSync(`${folder}/${name}`, '0');
    writeFileSync(`${job}/${task}/cgroup.procs`, `${program.pid}`);
  }
  program.stdin.write('\n');
  program.stdin.flush();
  return { program, beforeBytes, usedSeconds: async () => Number(await readLine(lines)) };
}

/** The groups of a version 1 hierarchy from that of the node down to the task. */
function above(job: string, task: string): string[] {
  const [step] = task.split('/');
  const user = job.slice(0, job.lastIndexOf('/'));
  return [user.slice(0, user.lastIndexOf('/')), user, job, `${job}/${step}`, `${job}/${task}`];
}

pythonTest.each(['v1', 'v2'] as const)(
  'CPU time and memory of real processes in %s agree with their own accounting within 2 %',
  async (version) => {
    const jobId = `${process.pid}${version === 'v1' ? 1 : 2}`;
    const places = makeGroups(PLACES[version](jobId));
    if (places.length === 0)
      return console.error(`\nSKIPPED: this machine has no cgroups of ${version} that root may change.\n`);
    const meter = createMeter();
    const read = async () => {
      const round = await readRound({ paths, node: NODE, meter, clock, keys: [{ jobId }] });
      expect(round.readings.map(({ key }) => keyText(key))).toEqual([jobId]);
      return round.readings[0]!.values;
    };
    await read();
    const begin = performance.now();
    const { program, beforeBytes, usedSeconds } = await startProgram(places, 1.5, 64);
    const used = await usedSeconds();
    const values = await read();
    const seconds = (performance.now() - begin) / 1000;
    // What it had before stays with the group that it came from.
    const isCounted = values.memory_current_bytes !== undefined;
    const anonymous = anonymousBytes(program.pid) - (isCounted ? beforeBytes : 0);
    expect(Math.abs(values.cpu_seconds! / used - 1)).toBeLessThan(0.02);
    expect(Math.abs(values.cpus_used! / (used / seconds) - 1)).toBeLessThan(0.05);
    expect([values.processes, values.threads]).toEqual([1, 1]);
    expect(values.cpus_allocated).toBe(places.some(({ job }) => job.includes('cpuset')) ? 1 : undefined);
    expect(Math.abs(values.memory_anonymous_bytes! / anonymous - 1)).toBeLessThan(0.02);
    program.stdin.end();
    await program.exited;
    // The end of the processes leaves a job that holds the node and runs nothing.
    expect((await read()).processes).toBe(0);
    for (const { job } of places) removeGroup(job);
  },
  60_000,
);

pythonTest.each(['v1', 'v2'] as const)(
  'a job in %s is read within a second of its begin, and once more before its counters are gone',
  async (version) => {
    const jobId = `${process.pid}${version === 'v1' ? 3 : 4}`;
    const groups = PLACES[version](jobId);
    if (groups.length === 0)
      return console.error(`\nSKIPPED: this machine has no cgroups of ${version} that root may change.\n`);
    const meter = createMeter();
    const told: { kind: JobEvent['kind']; atMs: number; cpuSeconds: number | undefined }[] = [];
    const onEvent = async ({ kind, key }: JobEvent) => {
      if (keyText(key) !== jobId) return;
      const atMs = performance.now();
      const { readings } = await readRound({ paths, node: NODE, meter, clock, keys: [key] });
      told.push({ kind, atMs, cpuSeconds: readings[0]?.values.cpu_seconds });
    };
    const watch = watchJobs({ paths, mounts, node: NODE, onEvent });
    try {
      const madeMs = performance.now();
      makeGroups(groups);
      const { program, usedSeconds } = await startProgram(groups, version === 'v1' ? 2 : 0.3, 1);
      const used = await usedSeconds();
      program.stdin.end();
      await program.exited;
      // As slurmstepd does after its tasks, some milliseconds later.
      await Bun.sleep(20);
      for (const { job } of groups) {
        removeGroup(job);
        await Bun.sleep(5);
      }
      for (let tries = 0; tries < 50 && told.at(-1)?.kind !== 'ended'; tries++) await Bun.sleep(100);
      expect(told[0]?.kind).toBe('began');
      expect(told[0]!.atMs - madeMs).toBeLessThan(1000);
      expect(told.at(-1)).toMatchObject({ kind: 'ended', cpuSeconds: undefined });
      const last = told.findLast(({ cpuSeconds }) => cpuSeconds !== undefined);
      if (version === 'v2') expect(last?.kind).toBe('ending');
      // Nothing tells of the end in version 1; a reading a second, of which a busy machine delays some.
      const lacking = version === 'v1' ? 1.2 : 0.02 * used;
      expect(last!.cpuSeconds!).toBeGreaterThan(used - lacking);
      // The group of a user is gone with the last job, and made again with the next.
      const isTold = async (kind: JobEvent['kind']) => {
        for (let tries = 0; tries < 20 && told.at(-1)?.kind !== kind; tries++) await Bun.sleep(50);
        return told.at(-1)?.kind;
      };
      for (const { job } of groups) removeGroup(dirname(job));
      makeGroups(groups);
      expect(await isTold('began')).toBe('began');
      for (const { job } of groups) removeGroup(job);
      expect(await isTold('ended')).toBe('ended');
    } finally {
      watch.stop();
    }
  },
  60_000,
);
