/** Jobs whose numbers (`job.seq`) make one block: reading their rows takes some milliseconds. */
export const BLOCK_JOBS = 2048;

/** Returns the block of a job. Numbers of jobs begin with 1. */
export const blockOf = (seq: number): number => Math.floor(seq / BLOCK_JOBS);
export const firstSeqOf = (block: number): number => block * BLOCK_JOBS;

/**
 * The columns of a block and their numbers on disk (`job_column.part`): never change one. A column in which
 * no job has a value is not stored.
 *
 * Numbers are those in the rows of `job` and `detail`, with NaN for none and for jobs that are not in the
 * block; usages are of all nodes together.
 */
export const NUMBER_PARTS = {
  state: 0,
  user: 1,
  start: 2,
  end: 3,
  started: 4,
  suspended: 5,
  submit: 6,
  cpus: 7,
  gpus: 8,
  memoryLimit: 9,
  cpuUsage: 10,
  memoryUsage: 11,
  gpuUsage: 12,
  account: 13,
  partition: 14,
  qos: 15,
  cluster: 16,
  /** Ids, if all of the block are decimal numbers; else they are texts. */
  idNumber: 17,
} as const;

export const TEXT_PARTS = { id: 32, name: 33, rawState: 34, reason: 35, arrayJobId: 36 } as const;

/** Numbers of nodes, of the labels of kinds of findings, and of severities. */
export const LIST_PARTS = { nodes: 48, findings: 49, severities: 50 } as const;

/** The first of the ids in the order of their bytes, as UTF-8. */
export const FIRST_ID_PART = 64;

export type NumberPart = keyof typeof NUMBER_PARTS;
export type TextPart = keyof typeof TEXT_PARTS;
export type ListPart = keyof typeof LIST_PARTS;

/** Ids that are the decimal form of an exact number. */
export const isNumberId = (id: string): boolean => /^(0|[1-9]\d{0,14})$/.test(id);
