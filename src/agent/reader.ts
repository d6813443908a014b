import { createAllocation } from './allocation.ts';
import { rememberMounts } from './cgroup/mounts.ts';
import type { Clock } from './clock.ts';
import { createEnergy } from './energy.ts';
import { readText } from './file.ts';
import { createGpus } from './gpus.ts';
import { createHeld, findHeld } from './held.ts';
import { createLedger } from './ledger.ts';
import { createLedgerFile } from './ledger-file.ts';
import { createLeftovers } from './leftovers.ts';
import { reportNode } from './node.ts';
import { pathsUnder } from './paths.ts';
import { type JobKey, keyText } from './reading.ts';
import { type Round, type RoundOptions, readRound } from './round.ts';
import { type JobEvent, type Watch, watchJobs } from './watch.ts';

interface ReaderOptions {
  readonly node: string;
  /** Where /proc and /sys are read. */
  readonly root: string;
  /** The folder into which the hooks of the node write. */
  readonly hookSpool: string;
  readonly intervalMs: number;
  /** The version of the agent. */
  readonly version: string;
  /** Keeps counters over a restart of the agent in this folder; nowhere when left out. */
  readonly folder?: string;
  readonly clock: Clock;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
}

/** Reads the jobs of a node. */
export interface Reader {
  /** Reads all jobs, and makes the report of the node; or only these jobs. */
  read(keys?: readonly JobKey[]): Promise<Round>;
  /** Says that a job begins now, so that its first reading has a span. */
  begin(key: JobKey): void;
  /** Says that the directories of a job are gone. */
  end(key: JobKey): void;
  watch(onEvent: (event: JobEvent) => void): Watch;
}

/** What happened between two readings is unknown if they lie further apart, or further than two intervals. */
const LONGEST_SPAN_MS = 60_000;

export function createReader(options: ReaderOptions): Reader {
  const { node, root, hookSpool, intervalMs, version, folder, clock } = options;
  const paths = pathsUnder(root);
  const file = folder === undefined ? undefined : createLedgerFile({ folder, paths });
  const ledger = createLedger({
    longestSpanMs: Math.max(LONGEST_SPAN_MS, 2 * intervalMs),
    saved: file?.load(),
  });
  const mounts = rememberMounts(paths, clock.monotonicMs);
  const held = createHeld({ paths, node, spool: hookSpool });
  const round: RoundOptions = {
    paths,
    node,
    clock,
    mounts,
    meter: ledger.meter,
    runs: ledger.runs,
    held,
    leftovers: createLeftovers({ clock, readFile: readText }),
    gpus: createGpus({ paths, use: ledger.gpuUse, monotonicMs: clock.monotonicMs }),
    energy: { read: createEnergy({ paths, meter: ledger.nodeMeter }), shares: ledger.shares },
    allocatedCpus: createAllocation({ paths, readFile: readText }),
  };
  let isFailing = false;

  function readPrologMs(key: JobKey): number | undefined {
    try {
      return findHeld(held(), key)?.prologMs;
    } catch {
      // The next round says why.
      return undefined;
    }
  }

  function keep(): void {
    try {
      file?.save(ledger.save());
      isFailing = false;
    } catch (cause) {
      // Said once: the batches have no room either.
      if (!isFailing)
        options.warn('counters_not_kept', {
          cause,
          message: 'Counters of jobs begin anew if the agent starts again now.',
        });
      isFailing = true;
    }
  }

  return {
    async read(keys) {
      const read = await readRound({ ...round, ...(keys && { keys }) });
      if (!read.isWhole) return read;
      keep();
      const report = reportNode({ node, version, intervalMs, timeMs: clock.nowMs(), round: read }, paths);
      return { ...read, report };
    },
    begin(key) {
      // Before its span begins, because another run of the job counts from 0.
      ledger.runs.see(keyText(key), { prologMs: readPrologMs(key), hasLastingStep: () => false });
      ledger.meter.begin(keyText(key), clock.monotonicMs());
    },
    end: (key) => ledger.runs.gone(keyText(key)),
    watch: (onEvent) => watchJobs({ paths, node, mounts: mounts(), onEvent }),
  };
}
