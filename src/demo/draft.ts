import type { JobState } from '../domain/job.ts';
import { PARTITIONS, type Partition, QUARTERS, USERS } from './cluster.ts';
import { createRandom, draw } from './random.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Maximum number of consecutive ids in one array. */
const ARRAY_BLOCK = 16;
const ARRAY_SHARE = 0.15;
/** The first ids of each large block are one large array. */
const LARGE_BLOCK = 1024;
const LARGE_ARRAY_TASKS = 200;

/** How a job uses its nodes. All but `cpuOnly` and `idleCpu` have GPUs. */
export type Behaviour =
  | 'steady'
  | 'bursty'
  | 'leaking'
  | 'tight'
  | 'idleGpu'
  | 'failing'
  | 'cpuOnly'
  | 'idleCpu';

export const hasGpus = (behaviour: Behaviour): boolean => behaviour !== 'cpuOnly' && behaviour !== 'idleCpu';

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
  ['steady', 0.43],
  ['bursty', 0.19],
  ['cpuOnly', 0.14],
  ['idleCpu', 0.02],
  ['tight', 0.02],
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
const [H100, A100, CPU, MPI] = PARTITIONS as readonly [Partition, Partition, Partition, Partition];
/** Of the jobs without GPUs. */
const MPI_SHARE = 0.08;
const GPU_PARTITION_SHARES: readonly [Partition, number][] = [
  [H100, 0.75],
  [A100, 0.25],
];
const USER_SHARES = USERS.map((user, rank): [string, number] => [user, 1 / (rank + 3)]);
const REQUEUE_SHARE = 0.04;
const LARGE_ARRAY = {
  behaviour: 'cpuOnly',
  name: 'variant-calling',
  partition: CPU,
  nodeCount: 1,
  quarters: 1,
} as const;
const MPI_NAMES = ['wrf-europe', 'icon-global', 'openfoam-wing'];

const NAMES: Record<Behaviour, readonly string[]> = {
  steady: ['train-resnet', 'gromacs-md', 'vasp-relax', 'llm-finetune', 'lammps'],
  bursty: ['pretrain', 'openfoam', 'alphafold', 'eval-sweep'],
  leaking: ['preprocess', 'graph-build', 'notebook'],
  idleGpu: ['notebook', 'interactive', 'pytorch-test'],
  failing: ['train-new', 'debug-nccl', 'hyperopt'],
  tight: ['spades-assembly', 'dft-large'],
  idleCpu: ['jupyter', 'interactive'],
  cpuOnly: ['blast', 'wrf', 'postprocess', 'bwa-align'],
};

/** The job that has this id in the cluster of this seed. */
export function draftJob(seed: number, id: number): JobDraft {
  const array = findArray(seed, id);
  // Tasks of one array have all in common but how long they take and how they end.
  const common = randomOf(seed, array ? Number(array.id) : id);
  const random = randomOf(seed, array ? id ^ 0x5bd1e995 : id);
  const { drawMs, ...shape } = drawShape(array, common);
  const verdict = drawVerdict(shape.behaviour, random());
  const drawnMs = Math.round(drawMs(random));
  // Time limits are whole minutes.
  const runtimeMs = verdict === TIMEOUT ? Math.ceil(drawnMs / MINUTE_MS) * MINUTE_MS : drawnMs;
  const isRequeued = verdict === COMPLETED && runtimeMs > 20 * MINUTE_MS && random() < REQUEUE_SHARE;
  return {
    id: String(id),
    ...shape,
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

type Shape = Pick<JobDraft, 'user' | 'behaviour' | 'name' | 'partition' | 'nodeCount' | 'quarters'> & {
  readonly drawMs: (random: () => number) => number;
};

/** What the tasks of an array have in common. */
function drawShape(array: JobDraft['array'], common: () => number): Shape {
  const user = draw(USER_SHARES, common());
  const one = (names: readonly string[]) => names[Math.floor(common() * names.length)]!;
  if (array && isLarge(array)) return { user, ...LARGE_ARRAY, drawMs: drawTaskMs };
  const behaviour = draw(BEHAVIOUR_SHARES, common());
  if (!array && behaviour === 'cpuOnly' && common() < MPI_SHARE) {
    const size = { partition: MPI, nodeCount: MPI.nodes.length, quarters: QUARTERS };
    return { user, behaviour, name: one(MPI_NAMES), ...size, drawMs: drawMpiMs };
  }
  const nodeCount = array ? 1 : draw(NODE_COUNT_SHARES, common());
  const isShared = nodeCount === 1 && (array !== undefined || common() < 0.85);
  return {
    user,
    behaviour,
    name: one(NAMES[behaviour]),
    partition: hasGpus(behaviour) ? draw(GPU_PARTITION_SHARES, common()) : CPU,
    nodeCount,
    quarters: isShared ? 1 + Math.floor(common() * 2) : QUARTERS,
    drawMs: (random) => drawRuntimeMs(behaviour, random),
  };
}

const randomOf = (seed: number, id: number) =>
  createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(id, 0x85ebca6b));

/** Whether an array has hundreds of tasks. */
export const isLarge = ({ id }: NonNullable<JobDraft['array']>): boolean => Number(id) % LARGE_BLOCK === 0;

/** The array that an id belongs to: its first task has the number of the array. */
function findArray(seed: number, id: number): JobDraft['array'] {
  const place = id % LARGE_BLOCK;
  if (place < LARGE_ARRAY_TASKS) return { id: String(id - place), task: place };
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

const drawMpiMs = (random: () => number): number => (4 + 8 * random()) * HOUR_MS;

/** Tasks of a large array take much the same time, but for a few. */
function drawTaskMs(random: () => number): number {
  const minutes = 12 + 8 * random();
  return Math.round(minutes * (random() < 0.04 ? 2.5 : 1) * MINUTE_MS);
}

/** Most jobs take an hour or so, a few take a day; those that fail do it soon, and a leak takes its time. */
function drawRuntimeMs(behaviour: Behaviour, random: () => number): number {
  if (behaviour === 'failing') return (1 + random() * 24) * MINUTE_MS;
  if (behaviour === 'leaking') return (1 + random() * 6) * HOUR_MS;
  // The sum of uniform numbers is nearly normal, so this is nearly log-normal: 2 minutes to 40 hours.
  const bell = (random() + random() + random()) / 3;
  return 2 * MINUTE_MS * 1200 ** bell;
}
