import { createEnergyShares, type EnergyShares, type SavedShares } from './energy-shares.ts';
import { createGpuUse, type GpuUse, type JobGpuUse } from './gpu-use.ts';
import { createMeter, type JobMeter, type Meter } from './meter.ts';
import { createNodeMeter, type NodeMeter, type SavedNodeEnergy } from './node-energy.ts';
import { createRuns, type KnownRun, type Runs } from './runs.ts';

/** What the agent counts of jobs. */
export interface Ledger {
  readonly meter: Meter;
  readonly gpuUse: GpuUse;
  readonly nodeMeter: NodeMeter;
  readonly shares: EnergyShares;
  readonly runs: Runs;
  save(): SavedLedger;
}

/**
 * Plain JSON; good until the node starts again, because inodes and its clock are others then. Only the power
 * of its idle CPUs is as before.
 */
export interface SavedLedger {
  readonly meter: Readonly<Record<string, JobMeter>>;
  readonly gpuUse: Readonly<Record<string, JobGpuUse>>;
  readonly nodeMeter: SavedNodeEnergy;
  readonly shares: SavedShares;
  readonly runs: Readonly<Record<string, KnownRun>>;
}

interface LedgerOptions {
  readonly longestSpanMs: number;
  readonly saved?: SavedLedger | Pick<SavedLedger, 'nodeMeter'> | undefined;
}

/** Goes on where the ledger of another agent ended since the node started. */
export function createLedger({ longestSpanMs, saved }: LedgerOptions): Ledger {
  const whole = saved !== undefined && 'meter' in saved ? saved : undefined;
  const meter = createMeter(whole?.meter);
  const gpuUse = createGpuUse({ longestSpanMs, ...(whole && { saved: whole.gpuUse }) });
  const nodeMeter = createNodeMeter({ longestSpanMs, ...(saved && { saved: saved.nodeMeter }) });
  const shares = createEnergyShares(whole?.shares);
  const parts = [meter, gpuUse, shares];
  const runs = createRuns({
    onEnd(key) {
      for (const part of parts) part.forget(key);
    },
    ...(whole && { saved: whole.runs }),
  });
  return {
    meter,
    gpuUse,
    nodeMeter,
    shares,
    runs,
    save: () => ({
      meter: meter.save(),
      gpuUse: gpuUse.save(),
      nodeMeter: nodeMeter.save(),
      shares: shares.save(),
      runs: runs.save(),
    }),
  };
}
