import { defined } from '../../domain/defined.ts';
import type { Holdings } from '../../domain/store/tallies.ts';
import { RUNNING } from './states.ts';

/** A job that has not ended. */
export interface LiveJob {
  readonly state: number;
  readonly account: number;
  readonly cpus: number | null;
  readonly gpus: number | null;
  readonly memory: number | null;
}

/** Counts jobs that have not ended. */
export function holdingCounter() {
  let [running, pending] = [0, 0];
  let cpus: number | undefined;
  let gpus: number | undefined;
  let memoryMb: number | undefined;
  const sum = (known: number | undefined, value: number | null) =>
    value === null ? known : (known ?? 0) + value;
  return {
    add(job: LiveJob): void {
      if (job.state !== RUNNING) {
        pending++;
        return;
      }
      running++;
      cpus = sum(cpus, job.cpus);
      gpus = sum(gpus, job.gpus);
      memoryMb = sum(memoryMb, job.memory);
    },
    holdings: () => defined<Holdings>({ running, pending, cpus, gpus, memoryMb }),
  };
}
