import { formatSeconds } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Facts, Rule } from './finding.ts';

/** Points of the last while that say that it was idle. */
const LEAST_POINTS = 5;

/** Finds running jobs whose GPUs have stopped working. The times are those of IdleBot (Northeastern). */
export const GPU_PAUSED: Rule = {
  subject: 'gpu',
  kinds: {
    'gpu-paused':
      'the GPUs of a running job have been below `gpu-idle-percent` for the last `gpu-paused-seconds`; a waste from four times that on',
  },
  unless: ['gpu-unused'],
  judge(facts) {
    const { job, summary, gpuCourse, thresholds, nowMs } = facts;
    if (job.state !== 'running' || !gpuCourse || !summary.whole.gpuUsage || lackOf(facts)) return undefined;
    const idle = idleAtEnd(facts);
    const first = idle[0];
    if (first === undefined || idle.length < LEAST_POINTS) return undefined;
    const seconds = (nowMs - first) / 1000;
    if (seconds < thresholds.gpuPausedSeconds) return undefined;
    return {
      kind: 'gpu-paused',
      subject: 'gpu',
      severity: seconds < WASTE_TIMES * thresholds.gpuPausedSeconds ? 'info' : 'waste',
      message: `Its GPUs have done nothing for ${isWholeCourse(facts, idle) ? 'at least ' : ''}${formatSeconds(seconds)}.`,
      action: `scancel ${job.id}, if it will not go on by itself.`,
      evidence: { measure: 'gpu_usage', fromMs: first, toMs: nowMs },
    };
  },
};

const WASTE_TIMES = 4;

/** Returns the times of the last points without work; points where nothing was measured do not count. */
function idleAtEnd({ gpuCourse, thresholds }: Facts): number[] {
  const { timesMs, gpuPercent } = gpuCourse!;
  const known = timesMs.flatMap((timeMs, at) =>
    Number.isNaN(gpuPercent[at]!) ? [] : [{ timeMs, percent: gpuPercent[at]! }],
  );
  const busy = known.findLastIndex(({ percent }) => percent >= thresholds.gpuIdlePercent);
  return known.slice(busy + 1).map(({ timeMs }) => timeMs);
}

const isWholeCourse = ({ gpuCourse }: Facts, idle: readonly number[]): boolean =>
  idle[0] === gpuCourse!.timesMs.find((_, at) => !Number.isNaN(gpuCourse!.gpuPercent[at]!));
