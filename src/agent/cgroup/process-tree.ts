import { readdirSync } from 'node:fs';
import type { Measured } from '../../domain/measure.ts';
import type { ReadText } from '../file.ts';
import type { Paths } from '../paths.ts';

/** What is read of one process. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** In clock ticks since the node started: with the pid it names a process for ever. */
  readonly startTicks: number;
  readonly threads: number;
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** Of children that ended and were waited for, with their children. */
  readonly childUserSeconds: number;
  readonly childSystemSeconds: number;
}

/** A step of a job, as its slurmstepd and everything below it shows it. */
export interface StepTree {
  readonly jobId: string;
  /** Names its slurmstepd for ever. */
  readonly source: string;
  readonly values: Measured;
}

const USER_HZ = 100;
const MAX_PROCESSES = 50_000;
/** The title that slurmstepd gives itself: `slurmstepd: [17.batch]`, `[17.0]`, `[17.extern]`. */
const STEPD_TITLE = /^slurmstepd: \[(\d+)\.([\w+]+)\]/;
const INIT = 1;

/** Reads /proc/PID/stat, whose second field is a name that may have blanks and brackets in it: proc(5). */
export function parseStat(text: string): Process | undefined {
  const [, pid, name = ''] = /^(\d+) \((.*)\)/s.exec(text) ?? [];
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (field: number) => Number(fields[field - 3] ?? Number.NaN);
  const process = {
    pid: Number(pid),
    name,
    parent: number(4),
    userSeconds: number(14) / USER_HZ,
    systemSeconds: number(15) / USER_HZ,
    childUserSeconds: number(16) / USER_HZ,
    childSystemSeconds: number(17) / USER_HZ,
    threads: number(20),
    startTicks: number(22),
  };
  return Object.values(process).some(Number.isNaN) ? undefined : process;
}

/** Reads anonymous memory of /proc/PID/status in bytes; undefined for kernel threads. */
export function parseAnonymousBytes(status: string): number | undefined {
  const [, kibibytes] = /^RssAnon:\s+(\d+) kB/m.exec(status) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/**
 * Measures steps without cgroups, by the processes below each slurmstepd. A process that left its parents (a
 * daemon) is not found, and the CPU time of children that nobody waited for is lost. Shared memory is absent,
 * because each process that maps it would count it.
 */
export function readStepTrees(paths: Paths, readFile: ReadText): StepTree[] {
  const processes = readProcesses(paths, readFile);
  const children = Map.groupBy(processes, ({ parent }) => parent);
  return processes.flatMap((process) => {
    // Under a loader of its own, slurmstepd has the name of that; it always leaves slurmd.
    if (process.name !== 'slurmstepd' && process.parent !== INIT) return [];
    const title = readFile(paths.of(`/proc/${process.pid}/cmdline`)) ?? '';
    const [, jobId, step] = STEPD_TITLE.exec(title) ?? [];
    if (jobId === undefined) return [];
    const below = processesBelow(process, children).filter(
      // What keeps the step alive.
      ({ parent, name }) => !(step === 'extern' && parent === process.pid && name === 'sleep'),
    );
    const pids = below.map(({ pid }) => `${pid}`);
    const values = measureStep(process, below, sumAnonymousBytes(pids, paths, readFile) ?? 0);
    return [{ jobId, source: `${process.pid}:${process.startTicks}`, values }];
  });
}

function readProcesses(paths: Paths, readFile: ReadText): Process[] {
  const pids = readdirSync(paths.of('/proc')).filter((name) => /^\d+$/.test(name));
  return pids
    .slice(0, MAX_PROCESSES)
    .flatMap((pid) => parseStat(readFile(paths.of(`/proc/${pid}/stat`)) ?? '') ?? []);
}

function processesBelow(root: Process, children: ReadonlyMap<number, readonly Process[]>): Process[] {
  const below = new Set<Process>();
  for (const child of children.get(root.pid) ?? []) below.add(child);
  // A set goes on over what is added meanwhile, and holds each process once.
  for (const process of below) for (const child of children.get(process.pid) ?? []) below.add(child);
  return [...below];
}

/** Adds up the anonymous memory of processes; undefined if none could be read. */
export function sumAnonymousBytes(pids: readonly string[], paths: Paths, readFile: ReadText) {
  const known = pids.flatMap(
    (pid) => parseAnonymousBytes(readFile(paths.of(`/proc/${pid}/status`)) ?? '') ?? [],
  );
  return known.length === 0 ? undefined : known.reduce((sum, bytes) => sum + bytes, 0);
}

/** Adds up a step; slurmstepd's own time and memory are not the job's, those of its ended children are. */
export function measureStep(stepd: Process, below: readonly Process[], anonymousBytes: number): Measured {
  const sum = (measure: (process: Process) => number) => below.reduce((all, one) => all + measure(one), 0);
  const user = stepd.childUserSeconds + sum((one) => one.userSeconds + one.childUserSeconds);
  const system = stepd.childSystemSeconds + sum((one) => one.systemSeconds + one.childSystemSeconds);
  return {
    cpu_seconds: user + system,
    cpu_user_seconds: user,
    cpu_system_seconds: system,
    memory_anonymous_bytes: anonymousBytes,
    processes: below.length,
    threads: sum(({ threads }) => threads),
  };
}
