import { createGpuUse, type GpuUse, type JobGpuUse } from './gpu-use.ts';
import { createMeter, type JobMeter, type Meter } from './meter.ts';
import { createRuns, type KnownRun, type Runs } from './runs.ts';

/** What the agent counts of jobs. */
export interface Ledger {
  readonly meter: Meter;
  readonly gpuUse: GpuUse;
  readonly runs: Runs;
  save(): SavedLedger;
}

/** Plain JSON; good until the node starts again, because inodes and its clock are others then. */
export interface SavedLedger {
  readonly meter: Readonly<Record<string, JobMeter>>;
  readonly gpuUse: Readonly<Record<string, JobGpuUse>>;
  readonly runs: Readonly<Record<string, KnownRun>>;
}

interface LedgerOptions {
  readonly longestSpanMs: number;
  readonly saved?: SavedLedger | undefined;
}

/** Goes on where the ledger of another agent ended since the node started. */
export function createLedger({ longestSpanMs, saved }: LedgerOptions): Ledger {
  const meter = createMeter(saved?.meter);
  const gpuUse = createGpuUse({ longestSpanMs, ...(saved && { saved: saved.gpuUse }) });
  const parts = [meter, gpuUse];
  const runs = createRuns({
    onEnd(key) {
      for (const part of parts) part.forget(key);
    },
    ...(saved && { saved: saved.runs }),
  });
  return {
    meter,
    gpuUse,
    runs,
    save: () => ({ meter: meter.save(), gpuUse: gpuUse.save(), runs: runs.save() }),
  };
}
