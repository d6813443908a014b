import { formatCount, formatSeconds } from '../figures.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';

/** GPUs below this are idle: a driver reports up to a percent for a process that only holds one. */
const IDLE_PERCENT = 1;

/**
 * Finds GPUs that a run holds and never used. Threshold and least time are those of jobstats
 * (https://github.com/PrincetonUniversity/jobstats): all samples at 0 %.
 */
export const GPU_UNUSED: Rule = {
  subject: 'gpu',
  judge({ job, summary: { whole, nodes } }) {
    const gpus = job.details?.gpus ?? 0;
    if (gpus === 0 && !whole.gpuUsage) return undefined;
    const lack = lackOf(whole);
    if (lack) return lack;
    if (!whole.gpuUsage) return { unjudged: 'no GPU could be read' };
    const known = nodes.filter(({ gpuUsage }) => gpuUsage);
    const idle = known.filter(({ gpuUsage }) => gpuUsage!.max < IDLE_PERCENT);
    if (idle.length === 0) return 'fine';
    const names = idle.map(({ node }) => node);
    const time = formatSeconds(whole.observedSeconds);
    const held = gpus > 0 ? formatCount(gpus, 'GPU') : 'the GPUs';
    const finding = { kind: 'gpu-unused', subject: 'gpu', severity: 'waste', nodes: names } as const;
    if (idle.length === known.length)
      return {
        ...finding,
        message: `It held ${held} and used none in ${time}.`,
        action: 'Ask for no GPU, or find out why the program does not see it.',
      };
    return {
      ...finding,
      message: `The GPUs of ${describeNodes(names)} were never used in ${time}.`,
      action: 'Ask for fewer nodes, or let the program use the GPUs of all.',
    };
  },
};

const MAX_NAMES = 3;

/** Names nodes, or counts them if they are many. */
export const describeNodes = (names: readonly string[]): string =>
  names.length <= MAX_NAMES ? names.join(', ') : formatCount(names.length, 'node');
