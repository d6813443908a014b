import { formatCount, formatPercent, formatSeconds } from '../figures.ts';
import { runtimeSeconds } from '../job.ts';
import { lackOf } from './enough.ts';
import type { Facts, Finding, Rule } from './finding.ts';
import { isInteractive } from './interactive.ts';

/** Finds GPUs that were used, but little. Thresholds and words for sessions are those of jobstats. */
export const GPU_LOW: Rule = {
  subject: 'gpu',
  kinds: {
    'gpu-low': 'mean GPU use was below `gpu-modest-percent`; a waste below `gpu-low-percent`',
    'gpu-session':
      'an interactive session held a GPU for `gpu-interactive-seconds`, used below `gpu-modest-percent`',
  },
  unless: ['gpu-unused', 'gpu-paused', 'gpu-small'],
  judge(facts) {
    const { job, summary, thresholds } = facts;
    const use = summary.whole.gpuUsage;
    if (!use || lackOf(facts)) return undefined;
    if (use.mean >= thresholds.gpuModestPercent) return 'fine';
    if (isInteractive(job)) return sessionOf(facts, use.mean);
    const gpus = job.details?.gpus;
    const held = gpus ? `Its ${formatCount(gpus, 'GPU')}` : 'Its GPUs';
    return {
      ...low(
        `${held} ${gpus === 1 ? 'was' : 'were'} ${formatPercent(use.mean)} busy on average in ${formatSeconds(summary.whole.observedSeconds)}.`,
      ),
      severity: use.mean < thresholds.gpuLowPercent ? 'waste' : 'info',
      action: 'Feed the GPU faster (larger batches, more loading processes), or ask for fewer.',
    };
  },
};

const low = (message: string): Omit<Finding, 'severity'> => ({
  kind: 'gpu-low',
  subject: 'gpu',
  message,
  evidence: { measure: 'gpu_usage' },
});

/** A session waits for its user most of the time, so that only long ones are worth a word. */
function sessionOf({ job, nowMs, thresholds }: Facts, mean: number): Finding | 'fine' {
  const { startTimeMs, endTimeMs, details } = job;
  if (startTimeMs === undefined) return 'fine';
  const seconds = runtimeSeconds(startTimeMs, endTimeMs, nowMs, details?.suspendedSeconds);
  if (seconds < thresholds.gpuInteractiveSeconds) return 'fine';
  return {
    ...low(`The session held a GPU for ${formatSeconds(seconds)}, ${formatPercent(mean)} busy on average.`),
    kind: 'gpu-session',
    severity: 'waste',
    action: 'End a session that waits for you; run what takes long as a batch job.',
  };
}
