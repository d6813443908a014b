import type { Measured } from '../domain/measure.ts';
import type { FindOptions } from './cgroup/find.ts';
import { readStepTrees, type StepTree } from './cgroup/process-tree.ts';
import type { Clock } from './clock.ts';
import { readText } from './file.ts';
import type { Meter } from './meter.ts';
import type { JobKey, Trouble } from './reading.ts';

export interface WorkOptions {
  readonly find: FindOptions;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly allocatedCpus?: ((key: JobKey, pids: () => readonly string[]) => number | undefined) | undefined;
}

/** What the parts of one round share. */
export interface RoundWork extends WorkOptions {
  /** At most one of each collector. */
  readonly troubles: Map<string, Trouble>;
  readonly counts: { ended: number; dropped: number };
  report(collector: string, message: string): void;
  /** Runs one collector; a failure is reported, and leaves the others alone. */
  attempt<T>(collector: string, run: () => T): T | undefined;
  /** Leaves out what is negative, no number or out of any sense. */
  keepSane(values: Measured): Measured;
  /** The steps by their processes; read once in a round, and only where cgroups do not have everything. */
  trees(): readonly StepTree[];
}

/** A greater number is not exact in JSON, and more than any job can have. */
const MAX_VALUE = Number.MAX_SAFE_INTEGER;
const RIGHTS = 'Run the agent as the unit of deploy does, or as root.';

export function createWork(options: WorkOptions): RoundWork {
  const troubles = new Map<string, Trouble>();
  let trees: readonly StepTree[] | undefined;
  const work: RoundWork = {
    ...options,
    troubles,
    counts: { ended: 0, dropped: 0 },
    report(collector, message) {
      if (!troubles.has(collector)) troubles.set(collector, { collector, message });
    },
    attempt(collector, run) {
      try {
        return run();
      } catch (error) {
        const { message, code } = error as NodeJS.ErrnoException;
        // The system refused something.
        work.report(collector, code === undefined ? `${message}.` : `${message}. ${RIGHTS}`);
        return undefined;
      }
    },
    keepSane(values) {
      const entries = Object.entries(values);
      const sane = entries.filter(([, value]) => value >= 0 && value <= MAX_VALUE);
      work.counts.dropped += entries.length - sane.length;
      return Object.fromEntries(sane);
    },
    trees() {
      trees ??= work.attempt('processes', () => readStepTrees(options.find.paths, readText)) ?? [];
      return trees;
    },
  };
  return work;
}
