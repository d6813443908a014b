/** A node is shared in quarters: one GPU of four, with its part of the cores and the memory. */
export const QUARTERS = 4;

export interface Partition {
  readonly name: string;
  /** What Slurm calls the type of its GPUs; undefined where there are none. */
  readonly gpuModel?: string;
  /** Of a node. */
  readonly cores: number;
  readonly memoryMb: number;
  readonly nodes: readonly string[];
}

const rack = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index + 1).padStart(3, '0')}`);

/** The partitions of the demonstration's cluster: two models of GPUs, and nodes without. */
export const PARTITIONS: readonly Partition[] = [
  { name: 'h100', gpuModel: 'h100', cores: 96, memoryMb: 515_000, nodes: rack('gpu', 24) },
  { name: 'a100', gpuModel: 'a100', cores: 128, memoryMb: 1_031_000, nodes: rack('a100-', 8) },
  { name: 'cpu', cores: 64, memoryMb: 257_000, nodes: rack('cpu', 8) },
];

/** All its nodes, each with its partition. */
export const NODES: ReadonlyMap<string, Partition> = new Map(
  PARTITIONS.flatMap((partition) => partition.nodes.map((name) => [name, partition] as const)),
);

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
