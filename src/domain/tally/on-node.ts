import type { Allocation } from '../detail.ts';
import { partOn } from '../nodes/node-job.ts';
import { contributionOf, type EndedRun, type MeasuredNode } from './contribution.ts';
import type { Tally } from './tally.ts';

/**
 * Returns what a run adds to the tallies of one of its nodes: held is what its Prolog said there, and else an
 * equal part; used is what was measured there. Energy that Slurm gives for the whole run is not divided.
 */
export function contributionOn(
  run: EndedRun,
  measured: readonly MeasuredNode[] = [],
  given?: Allocation,
): Tally {
  const { cpus, gpus, memoryMb } = partOn(
    { cpus: run.cpus, gpus: run.gpus, memoryMb: run.memoryLimitMb },
    run.nodes,
    given,
  );
  return contributionOf(
    {
      ...run,
      ...{ nodes: 1, cpus, gpus, memoryLimitMb: memoryMb },
      energyJoules: run.nodes === 1 ? run.energyJoules : undefined,
    },
    measured,
  );
}
