import type { JobState } from '../domain/job.ts';
import { PARTITIONS, type Partition, QUARTERS, USERS } from './cluster.ts';
import { createRandom, draw } from './random.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Maximum number of consecutive ids in one array. */
const ARRAY_BLOCK = 16;
const ARRAY_SHARE = 0.15;

/** How a job uses its nodes. All but `cpuOnly` have GPUs. */
export type Behaviour = 'steady' | 'bursty' | 'leaking' | 'idleGpu' | 'failing' | 'cpuOnly';

/** How a run ended, in Slurm's state and ours. */
export interface Verdict {
  readonly state: JobState;
  readonly rawState: string;
  readonly exitCode?: number;
  readonly signal?: number;
}

/**
 * What a job will be wherever and whenever it starts. It follows from the id, so nothing but the store need
 * remember it.
 */
export interface JobDraft {
  readonly id: string;
  readonly user: string;
  readonly behaviour: Behaviour;
  readonly name: string;
  readonly partition: Partition;
  readonly nodeCount: number;
  /** Of each node. */
  readonly quarters: number;
  /** From its first start to its last end. */
  readonly runtimeMs: number;
  readonly verdict: Verdict;
  /** The array that it belongs to. */
  readonly array?: { readonly id: string; readonly task: number };
  /** Set for a job that is requeued: when its first run ends after its start, and how. */
  readonly requeue?: { readonly afterMs: number; readonly verdict: Verdict };
}

const BEHAVIOUR_SHARES: readonly [Behaviour, number][] = [
  ['steady', 0.46],
  ['bursty', 0.2],
  ['cpuOnly', 0.14],
  ['failing', 0.08],
  ['idleGpu', 0.07],
  ['leaking', 0.05],
];
const COMPLETED: Verdict = { state: 'completed', rawState: 'COMPLETED', exitCode: 0 };
const TIMEOUT: Verdict = { state: 'failed', rawState: 'TIMEOUT' };
const OUT_OF_MEMORY: Verdict = { state: 'failed', rawState: 'OUT_OF_MEMORY' };
const NODE_FAIL: Verdict = { state: 'failed', rawState: 'NODE_FAIL' };
const PREEMPTED: Verdict = { state: 'cancelled', rawState: 'PREEMPTED' };
const VERDICT_SHARES: readonly [Verdict, number][] = [
  [COMPLETED, 0.9],
  [{ state: 'cancelled', rawState: 'CANCELLED' }, 0.07],
  [{ state: 'failed', rawState: 'FAILED', exitCode: 1 }, 0.015],
  [{ state: 'failed', rawState: 'FAILED', exitCode: 0, signal: 11 }, 0.01],
  [NODE_FAIL, 0.005],
];
/** Jobs that hang are killed at their time limit, or fail before it. */
const HANG_SHARES: readonly [Verdict, number][] = [
  [TIMEOUT, 0.7],
  [{ state: 'failed', rawState: 'FAILED', exitCode: 134 }, 0.3],
];
const NODE_COUNT_SHARES: readonly [number, number][] = [
  [1, 0.82],
  [2, 0.11],
  [4, 0.05],
  [3, 0.02],
];
const [H100, A100, CPU] = PARTITIONS as readonly [Partition, Partition, Partition];
const GPU_PARTITION_SHARES: readonly [Partition, number][] = [
  [H100, 0.75],
  [A100, 0.25],
];
const USER_SHARES = USERS.map((user, rank): [string, number] => [user, 1 / (rank + 3)]);
const REQUEUE_SHARE = 0.04;

const NAMES: Record<Behaviour, readonly string[]> = {
  steady: ['train-resnet', 'gromacs-md', 'vasp-relax', 'llm-finetune', 'lammps'],
  bursty: ['pretrain', 'openfoam', 'alphafold', 'eval-sweep'],
  leaking: ['preprocess', 'graph-build', 'notebook'],
  idleGpu: ['notebook', 'interactive', 'pytorch-test'],
  failing: ['train-new', 'debug-nccl', 'hyperopt'],
  cpuOnly: ['blast', 'wrf', 'postprocess', 'bwa-align'],
};

/** The job that has this id in the cluster of this seed. */
export function draftJob(seed: number, id: number): JobDraft {
  const array = findArray(seed, id);
  // Tasks of one array have all in common but how long they take and how they end.
  const common = randomOf(seed, array ? Number(array.id) : id);
  const random = randomOf(seed, array ? id ^ 0x5bd1e995 : id);
  const user = draw(USER_SHARES, common());
  const behaviour = draw(BEHAVIOUR_SHARES, common());
  const nodeCount = array ? 1 : draw(NODE_COUNT_SHARES, common());
  const isShared = nodeCount === 1 && (array !== undefined || common() < 0.85);
  const quarters = isShared ? 1 + Math.floor(common() * 2) : QUARTERS;
  const partition = behaviour === 'cpuOnly' ? CPU : draw(GPU_PARTITION_SHARES, common());
  const name = NAMES[behaviour][Math.floor(common() * NAMES[behaviour].length)]!;
  const verdict = drawVerdict(behaviour, random());
  const drawnMs = Math.round(drawRuntimeMs(behaviour, random));
  // Time limits are whole minutes.
  const runtimeMs = verdict === TIMEOUT ? Math.ceil(drawnMs / MINUTE_MS) * MINUTE_MS : drawnMs;
  const isRequeued = verdict === COMPLETED && runtimeMs > 20 * MINUTE_MS && random() < REQUEUE_SHARE;
  return {
    id: String(id),
    user,
    behaviour,
    name,
    partition,
    nodeCount,
    quarters,
    runtimeMs,
    verdict,
    ...(array && { array }),
    ...(isRequeued && {
      requeue: {
        afterMs: Math.floor((runtimeMs * (0.1 + 0.4 * random())) / 1000) * 1000,
        verdict: random() < 0.5 ? NODE_FAIL : PREEMPTED,
      },
    }),
  };
}

const randomOf = (seed: number, id: number) =>
  createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(id, 0x85ebca6b));

/** The array that an id belongs to: its first task has the number of the array. */
function findArray(seed: number, id: number): JobDraft['array'] {
  const first = id - (id % ARRAY_BLOCK);
  const random = randomOf(seed ^ 0x27d4eb2f, first);
  if (random() >= ARRAY_SHARE) return undefined;
  const size = 4 + Math.floor(random() * (ARRAY_BLOCK - 3));
  return id - first < size ? { id: String(first), task: id - first } : undefined;
}

function drawVerdict(behaviour: Behaviour, random: number): Verdict {
  if (behaviour === 'leaking') return OUT_OF_MEMORY;
  return draw(behaviour === 'failing' ? HANG_SHARES : VERDICT_SHARES, random);
}

/** Most jobs take an hour or so, a few take a day; those that fail do it soon, and a leak takes its time. */
function drawRuntimeMs(behaviour: Behaviour, random: () => number): number {
  if (behaviour === 'failing') return (1 + random() * 24) * MINUTE_MS;
  if (behaviour === 'leaking') return (1 + random() * 6) * HOUR_MS;
  // The sum of uniform numbers is nearly normal, so this is nearly log-normal: 2 minutes to 40 hours.
  const bell = (random() + random() + random()) / 3;
  return 2 * MINUTE_MS * 1200 ** bell;
}
