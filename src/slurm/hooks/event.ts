import type { Allocation, JobDetails } from '../../domain/detail.ts';
import { invalid, quote } from '../../domain/errors.ts';
import { isIdentity } from '../../domain/identity.ts';
import type { Report } from '../../domain/report.ts';
import { cpusOfNode, readCpus } from '../values/cpus.ts';
import { readExit } from '../values/exit.ts';
import { expandNodes } from '../values/nodelist.ts';
import { readSluid } from '../values/sluid.ts';
import { HOOK_KINDS, type HookKind } from './scripts.ts';

// What a hook writes (hook.sh) is a list of texts, each closed by a zero byte, which no variable can hold: what it is,
// NAME=value for each variable of the hook that has a value, and "end".
const FIRST = 'hpc-observe hook 1';
const LAST = 'end';

/** Slurm refuses texts of more than 1024 characters; the list of nodes, the longest, has to fit into 128 KiB. */
export const MAX_EVENT_BYTES = 1024 * 1024;
const MAX_TEXT_LENGTH = 4096;

// TIME-KIND-JOB-RESTARTS-PID-HOST.event, the time in seconds and nanoseconds since 1970, so that names order by time.
const NAME = new RegExp(
  `^(\\d{1,11})\\.(\\d{9})-(${HOOK_KINDS.join('|')})-\\d{1,10}-\\d{1,10}-\\d+-[\\w.-]+\\.event$`,
);

type Variables = ReadonlyMap<string, string>;

interface HookCall {
  readonly kind: HookKind;
  /** The hook's own clock. */
  readonly timeMs: number;
}

/** When and which hook wrote the file of this name; undefined when no hook names a file so. */
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
 * What the file of one call of a hook says of a run. A start has the state running; an end has a state by the exit code
 * alone, which a cancelled or timed out job shares with a successful one. A node's Prolog tells that the job runs there, its
 * Epilog no state, as other nodes may go on. How often a job had been requeued is left out of ends: after a requeue Slurm counts the next run
 * already, as is
 * the size of the job out of a node's Epilog. Details that cannot be read are left out; `validation_error` for a file that is no whole event, has no job
 * id, no node or no exit code where one belongs, or a list of nodes that cannot be read.
 */
export function readEvent(name: string, bytes: Uint8Array): Report {
  const call = readEventName(name);
  if (!call) throw refusal('has a name that no hook gives');
  const variables = readVariables(bytes);
  const context = variables.get('SLURM_SCRIPT_CONTEXT');
  if (context !== undefined && context !== call.kind)
    throw refusal(`was written by the script of ${call.kind}, which Slurm called as ${quote(context)}`);
  const id = variables.get('SLURM_JOB_ID') ?? '';
  if (!/^\d{1,10}$/.test(id)) throw refusal(`has no job id: ${quote(id)}`);
  const nodes = expandNodes(variables.get('SLURM_JOB_NODELIST') ?? variables.get('SLURM_NODELIST') ?? '');
  const { cpus, ...details } = readDetails(variables);
  const sluid = readSluid(variables.get('SLURM_JOB_SLUID'));
  // The Epilog of a node that the job gave back is told of that node alone, while the job goes on elsewhere.
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

/** What each hook tells that others do not. */
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
  if (bytes.length === 0) throw refusal('is empty');
  if (bytes.length > MAX_EVENT_BYTES) throw refusal(`has more than ${MAX_EVENT_BYTES} bytes`);
  const [first, ...texts] = new TextDecoder().decode(bytes).split('\0');
  if (first !== FIRST) throw refusal(`begins with ${quote(first!)}, not with ${quote(FIRST)}`);
  // After the zero byte of the last text there is nothing.
  if (texts.pop() !== '' || texts.pop() !== LAST) throw refusal('is cut off');
  const variables = new Map<string, string>();
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 1) throw refusal(`has ${quote(text)} where a variable should be`);
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
    // "(null)" is what C prints of a text that is not there: the account, when there is no accounting. A job may be called so.
    const isThere = text !== undefined && (text !== '(null)' || field === 'name');
    const isGiven = isThere && text.length <= MAX_TEXT_LENGTH;
    return isGiven ? [[field, text]] : [];
  });
  const arrayJobId = variables.get('SLURM_ARRAY_JOB_ID');
  const arrayTaskId = readNumber(variables, 'SLURM_ARRAY_TASK_ID');
  const cpus = cpuRunsOf(variables).reduce((sum, { cpus, nodes }) => sum + cpus * nodes, 0);
  return {
    ...Object.fromEntries(texts),
    ...(arrayJobId !== undefined && /^\d{1,10}$/.test(arrayJobId) && { arrayJobId }),
    ...(arrayTaskId !== undefined && { arrayTaskId }),
    ...(cpus > 0 && { cpus }),
  };
}

const cpuRunsOf = (variables: Variables) => readCpus(variables.get('SLURM_JOB_CPUS_PER_NODE') ?? '');

function readRestarts(variables: Variables): Part {
  const restarts = readNumber(variables, 'SLURM_JOB_RESTART_COUNT');
  return restarts === undefined ? {} : { restarts };
}

/** The scheduler's own start, which Slurm tells from 23.02 on. */
function readStart(variables: Variables): Part | undefined {
  const seconds = readNumber(variables, 'SLURM_JOB_START_TIME');
  return seconds ? { startTimeMs: seconds * 1000 } : undefined;
}

/**
 * A node's Prolog runs when the job begins there, which may be long after its start. Where Slurm does not tell that, the number
 * of restarts has to say of which run it is; without both, as before 22.05, it says nothing of the run.
 */
function readNodeStart(variables: Variables, timeMs: number): Part {
  const start = readStart(variables);
  if (start) return { state: 'running', ...start };
  if (readNumber(variables, 'SLURM_JOB_RESTART_COUNT') === undefined) return {};
  return { state: 'running', startTimeMs: timeMs, isStartRough: true };
}

/** Slurm's own end, from 23.02 on; one that is yet to come is only when the time limit would have been. */
function readEnd(variables: Variables, timeMs: number): number {
  const endMs = (readNumber(variables, 'SLURM_JOB_END_TIME') ?? 0) * 1000;
  return endMs > 0 && endMs <= timeMs ? endMs : timeMs;
}

/** The exit code, or the signal that ended the script, and the state that they speak for. */
function readEnding(variables: Variables): Part {
  const text = variables.get('SLURM_JOB_EXIT_CODE2') ?? '';
  const exit = readExit(text);
  if (exit.exitCode === undefined && exit.signal === undefined)
    throw refusal(`has no exit code: ${quote(text)}`);
  const isGood = exit.exitCode === 0 && exit.signal === undefined;
  return { state: isGood ? 'completed' : 'failed', ...exit };
}

function readAllocation(variables: Variables, nodes: readonly string[]): Allocation {
  const node = variables.get('SLURMD_NODENAME') ?? '';
  if (!isIdentity(node)) throw refusal(`does not say which node it is of: ${quote(node)}`);
  const cpus = cpusOfNode(cpuRunsOf(variables), nodes.indexOf(node));
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
 * UUIDs before indexes: they mean the same device whatever the order, and a slice of one (MIG) has nothing else. Of
 * lists of one sort the first variable counts.
 */
function readGpuIds(variables: Variables): string[] | undefined {
  const lists = GPU_VARIABLES.map((variable) => (variables.get(variable) ?? '').split(',')).filter(
    // "NoDevFiles" is Slurm's word for none.
    (ids) => ids.every((id) => isIdentity(id) && id !== 'NoDevFiles'),
  );
  return lists.find((ids) => ids.every((id) => /^(GPU|MIG)-/.test(id))) ?? lists[0];
}

function readNumber(variables: Variables, variable: string): number | undefined {
  const text = variables.get(variable) ?? '';
  return /^\d{1,11}$/.test(text) ? Number(text) : undefined;
}

const refusal = (what: string) => invalid(`The event ${what}.`);
