import type { JobAnswer } from '../../api/job.ts';
import type { SparklineAnswer } from '../../api/sparkline.ts';

// Which figures of a row are coloured: those that a rule of src/domain/finding would mention. Pure.

export type Tint = 'waste' | 'harm' | undefined;

/** As the rules: nothing is judged by fewer values, or of a shorter time. */
const LEAST_VALUES = 10;
const LEAST_SECONDS = 300;
/** Percent; memory as a share of its limit. */
const UNUSED_BELOW = 1;
const IDLE_CPU_BELOW = 10;
const FEW_CPUS = 4;
const NEAR_LIMIT = 0.95;

interface Row {
  readonly job: JobAnswer;
  readonly line: SparklineAnswer | undefined;
}

/** What rules found of the job; what costs nobody has no colour. */
export const tintFinding = ({ job: { severity } }: Pick<Row, 'job'>): Tint =>
  severity === 'info' ? undefined : severity;

/** GPUs that did nothing from the first sample to the last. */
export const tintGpu = ({ job, line }: Row): Tint =>
  job.gpus !== 0 && isAlwaysBelow(line?.gpu, line, UNUSED_BELOW) ? 'waste' : undefined;

/** Many CPUs that did next to nothing, without a GPU at work. */
export function tintCpu({ job, line }: Row): Tint {
  if ((job.cpus ?? 0) < FEW_CPUS || line?.gpu?.some((value) => value !== null && value >= UNUSED_BELOW))
    return undefined;
  return isAlwaysBelow(line?.cpu, line, IDLE_CPU_BELOW) ? 'waste' : undefined;
}

/** Memory that has come close to the limit at which the job is ended. */
export function tintMemory({ job, line }: Row): Tint {
  const limit = job.memory_limit_mb;
  if (!limit) return undefined;
  const most = Math.max(job.memory_usage_mb, ...(line?.memory_mb ?? []));
  return most >= NEAR_LIMIT * limit ? 'harm' : undefined;
}

/** A limit that ended the job; time is never alarming while it runs. */
export const tintRuntime = ({ job }: Row): Tint =>
  job.state === 'failed' && job.raw_state?.startsWith('TIMEOUT') ? 'harm' : undefined;

function isAlwaysBelow(
  values: readonly (number | null)[] | undefined,
  line: SparklineAnswer | undefined,
  most: number,
): boolean {
  const known = (values ?? []).filter((value) => value !== null);
  const isJudged = known.length >= LEAST_VALUES && known.length * (line?.seconds ?? 0) >= LEAST_SECONDS;
  return isJudged && known.every((value) => value < most);
}
