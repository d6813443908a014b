import type { Allocation, JobDetails } from '../../domain/detail.ts';
import { quote } from '../../domain/errors.ts';
import { isIdentity } from '../../domain/identity.ts';
import { MAX_NODES } from '../../domain/job.ts';
import { expandNodes } from '../../domain/nodelist.ts';
import type { Report } from '../../domain/report.ts';
import { cpusOfNode, readCpuGroups } from '../values/cpus.ts';
import { readExit } from '../values/exit.ts';
import { readSluid } from '../values/sluid.ts';
import type { EventReader } from './event-files.ts';
import { HOOK_KINDS, type HookKind } from './scripts.ts';
import { invalidEvent, readGpuIds, readVariables, type Variables } from './variables.ts';

const MAX_TEXT_LENGTH = 4096;

// TIME-KIND-JOB-RESTARTS-PID-HOST.event, with TIME in
// seconds.nanoseconds since 1970, so that names sort by time.
const NAME = new RegExp(
  `^(\\d{1,11})\\.(\\d{9})-(${HOOK_KINDS.join('|')})-\\d{1,10}-\\d{1,10}-\\d+-[\\w.-]+\\.event$`,
);

interface HookCall {
  readonly kind: HookKind;
  /** By the clock of the hook's machine, in milliseconds since 1970. */
  readonly timeMs: number;
}

/** Returns which hook wrote the file of this name, and when; undefined for a name that no hook writes. */
export function readEventName(name: string): HookCall | undefined {
  const match = NAME.exec(name);
  if (!match) return undefined;
  const [, seconds, nanoseconds, kind] = match;
  return {
    kind: kind as HookKind,
    timeMs: Number(seconds) * 1000 + Math.floor(Number(nanoseconds) / 1e6),
  };
}

/** Converts the event file of one hook call to a report, as `readHookCall` does. */
export const readEvent = (name: string, bytes: Uint8Array): Report =>
  readHookCall(name, readVariables(bytes));

/** Reads event files of hooks of this machine as reports. A short node list may expand to 100,000 nodes. */
export const REPORT_READER: EventReader<Report> = {
  read: readEvent,
  sizeOf: ({ nodes = [] }) => nodes.length,
  maxSize: MAX_NODES,
};

/**
 * Converts the variables of one hook call to a report. A Prolog means that the run is running. An
 * EpilogSlurmctld has only the exit code to derive a state from, which cancelled and timed out jobs share
 * with others; a node's Epilog has none, because the job may go on elsewhere. Reports of an end have no
 * restart count: after a requeue Slurm already counts the next run. Unreadable details are left out. Throws
 * `validation_error` for an incomplete event, and for one without a job id, or without a node or an exit code
 * that its kind needs, or with an unreadable node list.
 */
export function readHookCall(name: string, variables: Variables): Report {
  const call = readEventName(name);
  if (!call) throw invalidEvent('has a file name that no hook writes');
  const context = variables.get('SLURM_SCRIPT_CONTEXT');
  if (context !== undefined && context !== call.kind)
    throw invalidEvent(`was written by the script of ${call.kind}, but Slurm ran it as ${quote(context)}`);
  const id = variables.get('SLURM_JOB_ID') ?? '';
  if (!/^\d{1,10}$/.test(id)) throw invalidEvent(`has the invalid job id ${quote(id)}`);
  const nodes = readNodes(variables);
  const { cpus, ...details } = readDetails(variables);
  const sluid = readSluid(variables.get('SLURM_JOB_SLUID'));
  // In the Epilog of a node that the job gave back, Slurm
  // lists that node alone, while the job goes on elsewhere.
  const size =
    call.kind === 'epilog_slurmd' ? {} : { ...(nodes.length > 0 && { nodes }), ...(cpus && { cpus }) };
  const user = variables.get('SLURM_JOB_USER') ?? '';
  return {
    source: 'hook',
    observedMs: call.timeMs,
    id,
    ...(isIdentity(user) && { user }),
    ...(sluid !== undefined && { sluid }),
    ...details,
    ...size,
    ...READERS[call.kind](variables, call.timeMs, nodes),
  };
}

/**
 * Reads the nodes of the job. Without PrologFlags=Alloc a node's Prolog runs for the first step there, and
 * both lists are of that step (seen with 22.05 and 26.05); the CPUs show how many nodes the job has.
 */
function readNodes(variables: Variables): readonly string[] {
  const nodes = expandNodes(variables.get('SLURM_JOB_NODELIST') ?? variables.get('SLURM_NODELIST') ?? '');
  const count = cpuGroupsOf(variables).reduce((sum, group) => sum + group.nodes, 0);
  return count === 0 || count === nodes.length ? nodes : [];
}

type Part = Omit<Partial<Report>, 'source' | 'observedMs' | 'id'>;

/** Read the fields that are specific to each hook. */
const READERS: Record<HookKind, (variables: Variables, timeMs: number, nodes: readonly string[]) => Part> = {
  prolog_slurmctld: (variables, timeMs) => ({
    state: 'running',
    ...(readStart(variables) ?? { startTimeMs: timeMs, isStartRough: true }),
    ...readRestarts(variables),
  }),
  epilog_slurmctld: (variables, timeMs) => ({
    endTimeMs: readEnd(variables, timeMs),
    ...readStart(variables),
    ...readEnding(variables),
  }),
  prolog_slurmd: (variables, timeMs, nodes) => ({
    ...readRestarts(variables),
    ...readNodeStart(variables, timeMs),
    allocations: [readAllocation(variables, nodes)],
  }),
  epilog_slurmd: (variables, _, nodes) => ({
    ...readStart(variables),
    allocations: [readAllocation(variables, nodes)],
  }),
};

const TEXTS = {
  name: 'SLURM_JOB_NAME',
  account: 'SLURM_JOB_ACCOUNT',
  partition: 'SLURM_JOB_PARTITION',
  qos: 'SLURM_JOB_QOS',
  cluster: 'SLURM_CLUSTER_NAME',
  workDir: 'SLURM_JOB_WORK_DIR',
} satisfies Partial<Record<keyof JobDetails, string>>;

function readDetails(variables: Variables): JobDetails {
  const texts = Object.entries(TEXTS).flatMap(([field, variable]) => {
    const text = variables.get(variable);
    // Slurm prints a missing text as "(null)", such as the account without accounting. A job may really be
    // called that.
    const isGiven = text !== undefined && (text !== '(null)' || field === 'name');
    return isGiven && text.length <= MAX_TEXT_LENGTH ? [[field, text]] : [];
  });
  const arrayJobId = variables.get('SLURM_ARRAY_JOB_ID');
  const arrayTaskId = readNumber(variables, 'SLURM_ARRAY_TASK_ID');
  const cpus = cpuGroupsOf(variables).reduce((sum, { cpus, nodes }) => sum + cpus * nodes, 0);
  return {
    ...Object.fromEntries(texts),
    ...(arrayJobId !== undefined && /^\d{1,10}$/.test(arrayJobId) && { arrayJobId }),
    ...(arrayTaskId !== undefined && { arrayTaskId }),
    ...(cpus > 0 && { cpus }),
  };
}

const cpuGroupsOf = (variables: Variables) => readCpuGroups(variables.get('SLURM_JOB_CPUS_PER_NODE') ?? '');

function readRestarts(variables: Variables): Part {
  const restarts = readNumber(variables, 'SLURM_JOB_RESTART_COUNT');
  return restarts === undefined ? {} : { restarts };
}

/** Reads the start of the run by slurmctld's clock, which hooks have since Slurm 23.02. */
function readStart(variables: Variables): Part | undefined {
  const seconds = readNumber(variables, 'SLURM_JOB_START_TIME');
  return seconds ? { startTimeMs: seconds * 1000 } : undefined;
}

/**
 * Reads the start in a node's Prolog, which may run long after the start of
 * the run. Without the start (before 23.02) the restart count must identify
 * the run; without both (before 22.05) the event describes no run.
 */
function readNodeStart(variables: Variables, timeMs: number): Part {
  const start = readStart(variables);
  if (start) return { state: 'running', ...start };
  if (readNumber(variables, 'SLURM_JOB_RESTART_COUNT') === undefined) return {};
  return { state: 'running', startTimeMs: timeMs, isStartRough: true };
}

/**
 * Reads Slurm's own end (since 23.02), or returns the
 * hook's time. An end in the future is only the time limit.
 */
function readEnd(variables: Variables, timeMs: number): number {
  const endMs = (readNumber(variables, 'SLURM_JOB_END_TIME') ?? 0) * 1000;
  return endMs > 0 && endMs <= timeMs ? endMs : timeMs;
}

/** Reads the exit code, or the signal that killed the script, and derives the state. */
function readEnding(variables: Variables): Part {
  const text = variables.get('SLURM_JOB_EXIT_CODE2') ?? '';
  const exit = readExit(text);
  if (exit.exitCode === undefined && exit.signal === undefined)
    throw invalidEvent(`has the invalid exit code ${quote(text)}`);
  const isGood = exit.exitCode === 0 && exit.signal === undefined;
  return { state: isGood ? 'completed' : 'failed', ...exit };
}

function readAllocation(variables: Variables, nodes: readonly string[]): Allocation {
  const node = variables.get('SLURMD_NODENAME') ?? '';
  if (!isIdentity(node)) throw invalidEvent(`has the invalid node name ${quote(node)}`);
  const cpus = cpusOfNode(cpuGroupsOf(variables), nodes.indexOf(node));
  const gpuIds = readGpuIds(variables);
  return { node, ...(cpus !== undefined && { cpus }), ...(gpuIds && { gpuIds }) };
}

function readNumber(variables: Variables, variable: string): number | undefined {
  const text = variables.get(variable) ?? '';
  return /^\d{1,11}$/.test(text) ? Number(text) : undefined;
}
