import type { Allocation, JobDetails } from '../../domain/detail.ts';
import { invalid, quote } from '../../domain/errors.ts';
import { isIdentity } from '../../domain/identity.ts';
import type { Report } from '../../domain/report.ts';
import { cpusOfNode, readCpuGroups } from '../values/cpus.ts';
import { readExit } from '../values/exit.ts';
import { expandNodes } from '../values/nodelist.ts';
import { readSluid } from '../values/sluid.ts';
import { HOOK_KINDS, type HookKind } from './scripts.ts';

// An event file (written by hook.sh) is a list of texts, each ended by a zero byte, which no variable can
// contain: FIRST, NAME=value for each variable of the hook that has a value, and LAST.
const FIRST = 'hpc-observe hook 1';
const LAST = 'end';

/**
 * Larger than any event: Slurm limits most texts to 1024 characters, and Linux a variable, such as the node
 * list, to 128 KiB.
 */
export const MAX_EVENT_BYTES = 1024 * 1024;
const MAX_TEXT_LENGTH = 4096;

// TIME-KIND-JOB-RESTARTS-PID-HOST.event, with TIME in
// seconds.nanoseconds since 1970, so that names sort by time.
const NAME = new RegExp(
  `^(\\d{1,11})\\.(\\d{9})-(${HOOK_KINDS.join('|')})-\\d{1,10}-\\d{1,10}-\\d+-[\\w.-]+\\.event$`,
);

type Variables = ReadonlyMap<string, string>;

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

/**
 * Converts the event file of one hook call to a report. A Prolog means that the run is running. An
 * EpilogSlurmctld has only the exit code to derive a state from, which cancelled and timed out jobs share
 * with others; a node's Epilog has none, because the job may go on elsewhere. Reports of an end have no
 * restart count: after a requeue Slurm already counts the next run. Unreadable details are left out. Throws
 * `validation_error` for an incomplete event, and for one without a job id, or without a node or an exit code
 * that its kind needs, or with an unreadable node list.
 */
export function readEvent(name: string, bytes: Uint8Array): Report {
  const call = readEventName(name);
  if (!call) throw invalidEvent('has a file name that no hook writes');
  const variables = readVariables(bytes);
  const context = variables.get('SLURM_SCRIPT_CONTEXT');
  if (context !== undefined && context !== call.kind)
    throw invalidEvent(`was written by the script of ${call.kind}, but Slurm ran it as ${quote(context)}`);
  const id = variables.get('SLURM_JOB_ID') ?? '';
  if (!/^\d{1,10}$/.test(id)) throw invalidEvent(`has the invalid job id ${quote(id)}`);
  const nodes = expandNodes(variables.get('SLURM_JOB_NODELIST') ?? variables.get('SLURM_NODELIST') ?? '');
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

function readVariables(bytes: Uint8Array): Variables {
  if (bytes.length === 0) throw invalidEvent('is empty');
  if (bytes.length > MAX_EVENT_BYTES) throw invalidEvent(`is larger than ${MAX_EVENT_BYTES} bytes`);
  const [first, ...texts] = new TextDecoder().decode(bytes).split('\0');
  if (first !== FIRST) throw invalidEvent(`begins with ${quote(first!)} instead of ${quote(FIRST)}`);
  // The zero byte of the last text is the last byte.
  if (texts.pop() !== '' || texts.pop() !== LAST) throw invalidEvent('is incomplete');
  const variables = new Map<string, string>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 1) throw invalidEvent(`contains ${quote(text)} instead of a variable`);
    variables.set(text.slice(0, equals), text.slice(equals + 1));
  }
  return variables;
}

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

const GPU_VARIABLES = [
  'SLURM_JOB_GPUS',
  'CUDA_VISIBLE_DEVICES',
  'ROCR_VISIBLE_DEVICES',
  'ZE_AFFINITY_MASK',
  'GPU_DEVICE_ORDINAL',
];

/**
 * Reads the GPUs of the job on this node: the first variable with UUIDs, else the first with indexes. A UUID
 * identifies a device independently of their order, and it is the only name of a MIG slice.
 */
function readGpuIds(variables: Variables): string[] | undefined {
  const lists = GPU_VARIABLES.map((variable) => (variables.get(variable) ?? '').split(',')).filter(
    // "NoDevFiles" is Slurm's word for no GPU.
    (ids) => ids.every((id) => isIdentity(id) && id !== 'NoDevFiles'),
  );
  return lists.find((ids) => ids.every((id) => /^(GPU|MIG)-/.test(id))) ?? lists[0];
}

function readNumber(variables: Variables, variable: string): number | undefined {
  const text = variables.get(variable) ?? '';
  return /^\d{1,11}$/.test(text) ? Number(text) : undefined;
}

const invalidEvent = (fault: string) => invalid(`The event ${fault}.`);
