import { createRandom, hashText } from './random.ts';

/** A node is shared in quarters: one GPU of four, with its part of the cores and the memory. */
export const QUARTERS = 4;

/** The GPUs of a partition. */
interface GpuKind {
  /** As the driver names them. */
  readonly model: string;
  readonly memoryBytes: number;
  readonly idleWatts: number;
  readonly fullWatts: number;
}

export interface Partition {
  readonly name: string;
  /** What Slurm calls the type of its GPUs; undefined where there are none. */
  readonly gpuModel?: string;
  /** Given with `gpuModel`. */
  readonly gpu?: GpuKind;
  /** Whether each of its jobs has all of its nodes. */
  readonly isForLargeJobs?: boolean;
  /** Of a node. */
  readonly cores: number;
  readonly memoryMb: number;
  readonly nodes: readonly string[];
}

const rack = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index + 1).padStart(3, '0')}`);

const GIB = 2 ** 30;
const H100: GpuKind = {
  model: 'NVIDIA H100 80GB HBM3',
  memoryBytes: 80 * GIB,
  idleWatts: 70,
  fullWatts: 700,
};
const A100: GpuKind = {
  model: 'NVIDIA A100-SXM4-80GB',
  memoryBytes: 80 * GIB,
  idleWatts: 55,
  fullWatts: 400,
};

/** The partitions of the demonstration: two models of GPUs, nodes without, and those of large jobs. */
export const PARTITIONS: readonly Partition[] = [
  { name: 'h100', gpuModel: 'h100', gpu: H100, cores: 96, memoryMb: 515_000, nodes: rack('gpu', 24) },
  { name: 'a100', gpuModel: 'a100', gpu: A100, cores: 128, memoryMb: 1_031_000, nodes: rack('a100-', 8) },
  { name: 'cpu', cores: 64, memoryMb: 257_000, nodes: rack('cpu', 8) },
  { name: 'mpi', isForLargeJobs: true, cores: 48, memoryMb: 190_000, nodes: rack('mpi', 40) },
];

/** All its nodes, each with its partition. */
export const NODES: ReadonlyMap<string, Partition> = new Map(
  PARTITIONS.flatMap((partition) => partition.nodes.map((name) => [name, partition] as const)),
);

/** The places of the GPUs of each node of a partition. */
export const placesIn = ({ gpu }: Partition): number[] =>
  gpu ? Array.from({ length: QUARTERS }, (_, place) => place) : [];

function makeUuid(node: string, place: number): string {
  const random = createRandom(hashText(`${node} ${place}`));
  const digits = (count: number) =>
    Array.from({ length: count }, () => Math.floor(16 * random()).toString(16)).join('');
  return `GPU-${[8, 4, 4, 4, 12].map(digits).join('-')}`;
}

const UUIDS: ReadonlyMap<string, readonly string[]> = new Map(
  [...NODES].map(([node, partition]) => [node, placesIn(partition).map((place) => makeUuid(node, place))]),
);

/** The UUID of a GPU of a node, by its place, 0 to 3. */
export const gpuUuid = (node: string, place: number): string => UUIDS.get(node)![place]!;

/** Its users, the busiest first. */
export const USERS: readonly string[] = `
  lweber nokafor schen mrossi jpark apatel dkowalski efischer tnguyen smartin kyamada obrien fsilva hlarsen rgupta
  vpetrov mdubois alopez wzhang jsmith cmeyer istefan bkaya phorvat lnovak yito gconti rfarah tandersson mkhan
  ebauer ssato dmoreau ajensen nivanova cwong pschmidt lcosta hkim afernandez jdeboer mvirtanen rsingh kbrandt
  zali fmueller egarcia olindholm tbakker dmarino jtanaka aherrera wfischbach ncohen sromano ijovanovic gpapadakis
  bakande phansen lkeller`
  .trim()
  .split(/\s+/);

const ACCOUNTS = ['astro', 'chem', 'climate', 'cfd', 'genomics', 'materials', 'ml'] as const;

/** The account that a user's jobs are charged to. */
export const accountOf = (user: string): string => ACCOUNTS[USERS.indexOf(user) % ACCOUNTS.length]!;
