import type { JobAnswer } from '../../api/job.ts';
import type { SummaryAnswer } from '../../api/summary.ts';
import { formatCount, formatMb, formatPercent, formatSeconds } from '../../domain/figures.ts';
import { now } from '../parts/moment.tsx';
import { runtimeOf } from '../parts/runtime.ts';
import { type Tone, Used, type UsedProps } from '../parts/used.tsx';

/** Below this share of what was asked for, most of it is of use to nobody. */
const WASTED_BELOW = 0.25;
/** Above this share of its limit, memory is about to end the job. */
const NEAR_LIMIT = 0.95;
const NOT_MEASURED = 'not measured';

interface UsedOfAskedProps {
  readonly job: JobAnswer;
  readonly summary: SummaryAnswer;
}

/** Shows what a job used of what it asked for. */
export function UsedOfAsked({ job, summary }: UsedOfAskedProps) {
  const bars = [cpuBar(job, summary), memoryBar(job, summary), gpuBar(job, summary), timeBar(job, now.value)];
  return (
    <section class="used-of-asked" aria-label="Used of what was asked for">
      {bars.map((bar) => bar && <Used key={bar.name} {...bar} />)}
    </section>
  );
}

function cpuBar({ cpus }: JobAnswer, { cpu_usage: load }: SummaryAnswer): UsedProps {
  return loadBar('CPU', cpus ? formatCount(cpus, 'CPU') : 'its CPUs', load);
}

function gpuBar({ gpus }: JobAnswer, { gpu_usage: load }: SummaryAnswer): UsedProps | undefined {
  if (!gpus && !load) return undefined;
  return loadBar('GPU', gpus ? formatCount(gpus, 'GPU') : 'its GPUs', load);
}

function loadBar(name: string, of: string, load: SummaryAnswer['cpu_usage']): UsedProps {
  const share = load && load.mean / 100;
  const text = load ? `mean of ${of}, ${formatPercent(load.max)} at most` : NOT_MEASURED;
  return { name, share, tone: wasteTone(share), text };
}

function memoryBar(
  { memory_limit_mb: limit }: JobAnswer,
  { memory_usage_mb: load }: SummaryAnswer,
): UsedProps {
  const share = load && limit ? load.max / limit : undefined;
  const isNear = share !== undefined && share >= NEAR_LIMIT;
  const text = load ? `${formatMb(load.max)} at most${limit ? ` of ${formatMb(limit)}` : ''}` : NOT_MEASURED;
  return { name: 'Memory', share, tone: isNear ? 'harm' : wasteTone(share), text };
}

function timeBar(job: JobAnswer, nowMs: number): UsedProps | undefined {
  const seconds = runtimeOf(job, nowMs);
  const limit = job.time_limit_seconds;
  if (seconds === undefined || !limit) return undefined;
  const text = `${formatSeconds(seconds)} of ${formatSeconds(limit)}`;
  return { name: 'Time', share: seconds / limit, tone: timeTone(job), text };
}

const wasteTone = (share: number | undefined): Tone =>
  share !== undefined && share < WASTED_BELOW ? 'waste' : 'fine';

/** Time is never alarming while a job runs; afterwards only if the limit ended it. */
const timeTone = ({ state, raw_state }: JobAnswer): Tone =>
  state === 'failed' && raw_state?.startsWith('TIMEOUT') ? 'harm' : 'fine';
