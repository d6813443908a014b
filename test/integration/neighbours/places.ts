import { jobsFolder } from '../../bench/data/files.ts';
import { type BigJob, writeBigJob } from '../../help/big-job.ts';
import { temporaryFolder } from '../../help/folder.ts';
import { BACKGROUND, startBackground } from './background.ts';
import type { Case } from './case.ts';
import { CLUSTERS, startPeers } from './peers.ts';
import { LISTS, measuresOf, OTHERS, REPORTED, samplesOf } from './reads.ts';
import { INGESTS, WRITES } from './writes.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A database, and what is done with a service that has it. */
export interface Place {
  readonly name: string;
  /** Makes a folder with a database. */
  readonly folder: () => Promise<{ readonly path: string; [Symbol.dispose](): void }>;
  readonly cases: readonly Case[];
  /** Starts what the service needs beside it, and returns its further arguments. */
  readonly surroundings?: () => { readonly args: readonly string[]; [Symbol.asyncDispose](): Promise<void> };
}

const nowMs = Date.now();
const zoomOf = ({ lastMs }: BigJob) =>
  `start_time=${new Date(lastMs - HOUR_MS).toISOString()}&end_time=${new Date(lastMs).toISOString()}`;

async function bigJobFolder(job: BigJob, isSealed: boolean) {
  const folder = temporaryFolder();
  await writeBigJob(folder.file('hpc-observe.db'), job, { isSealed });
  return folder;
}

/** 2,880,000 samples of eight hours, all sealed. */
const SEALED: BigJob = {
  id: 'big',
  nodes: 1000,
  firstMs: nowMs - 11 * HOUR_MS,
  lastMs: nowMs - 3 * HOUR_MS,
};
/** 300,000 samples of the last 50 minutes, none of them sealed. */
const RECENT: BigJob = { id: 'big', nodes: 1000, firstMs: nowMs - 51 * MINUTE_MS, lastMs: nowMs - MINUTE_MS };
/** 900,000 samples of the past that have just come and wait to be sealed. */
const BACKFILLED: BigJob = {
  id: 'big',
  nodes: 1000,
  firstMs: nowMs - 6 * HOUR_MS,
  lastMs: nowMs - 3.5 * HOUR_MS,
};

/** 720,000 samples of two hours with further measures, and 1,440,000 of GPUs, all sealed. */
const WIDE: BigJob = {
  id: 'big',
  nodes: 1000,
  firstMs: nowMs - 5 * HOUR_MS,
  lastMs: nowMs - 3 * HOUR_MS,
  gpus: 2,
};
/** 120,000 samples with further measures, and 240,000 of GPUs, none of them sealed. */
const RECENT_WIDE: BigJob = { ...WIDE, firstMs: nowMs - 21 * MINUTE_MS, lastMs: nowMs - MINUTE_MS };

/** Jobs that all run. */
const RUNNING = { jobs: 4000, running: 2000, pending: 0, isOnlyRunning: true };

/** Jobs for lists. */
export const MILLION = { jobs: 1_000_000, running: 2000, pending: 200 };

export const PLACES: readonly Place[] = [
  {
    name: 'few jobs',
    folder: async () => temporaryFolder(),
    cases: [...WRITES, ...OTHERS],
  },
  {
    name: 'other exporters',
    folder: async () => temporaryFolder(),
    cases: INGESTS.map((one) => ({ ...one, limits: { memoryMb: 450 } })),
  },
  {
    name: 'other clusters',
    folder: async () => temporaryFolder(),
    cases: CLUSTERS,
    surroundings: startPeers,
  },
  {
    name: 'many nodes',
    folder: async () => temporaryFolder(),
    cases: REPORTED,
  },
  {
    name: 'a big job, sealed',
    folder: () => bigJobFolder(SEALED, true),
    cases: samplesOf(zoomOf(SEALED)),
  },
  {
    name: 'a big job, recent',
    folder: () => bigJobFolder(RECENT, false),
    cases: samplesOf(zoomOf(RECENT)),
  },
  {
    name: 'a big job, back-filled',
    folder: () => bigJobFolder(BACKFILLED, false),
    cases: samplesOf(zoomOf(BACKFILLED)),
  },
  {
    name: 'a big job with GPUs, sealed',
    folder: () => bigJobFolder(WIDE, true),
    cases: measuresOf(zoomOf(WIDE)),
  },
  {
    name: 'a big job with GPUs, recent',
    folder: () => bigJobFolder(RECENT_WIDE, false),
    cases: measuresOf(zoomOf(RECENT_WIDE)),
  },
  {
    name: '1,000,000 jobs',
    folder: () => jobsFolder(MILLION),
    cases: LISTS,
  },
  {
    name: 'policies and a silent receiver',
    folder: () => jobsFolder(RUNNING),
    cases: BACKGROUND,
    surroundings: startBackground,
  },
];
