import type { ArrayTask } from '../array-task.ts';
import { formatMb } from '../figures.ts';
import { writeMemory } from '../sizing/option.ts';
import {
  type ArrayRule,
  arrayOption,
  ascending,
  commonOf,
  countTasks,
  lackOfTasks,
  namesOf,
  quantileOf,
} from './task-facts.ts';

const MOST_SHARE = 0.95;
const HEADROOM = 1.2;

/** Finds arrays most of whose tasks leave most of their memory unused, though a few may need it. */
export const ARRAY_MEMORY: ArrayRule = {
  subject: 'memory',
  kinds: {
    'array-memory':
      '95 % of the tasks used less than `memory-unused-percent` of their limit, and left `memory-unused-gb` or more',
  },
  judge({ ended, thresholds }) {
    const tasks = ended.filter(isMeasured);
    const limitMb = commonOf(tasks, ({ memoryLimitMb }) => memoryLimitMb);
    const lack = lackOfTasks(tasks, thresholds);
    if (lack || limitMb === undefined) return lack;
    if (commonOf(tasks, ({ nodes = 1 }) => nodes) !== 1) return { unjudged: 'its tasks have several nodes' };
    const mostMb = quantileOf(ascending(tasks, needOf), MOST_SHARE);
    if (mostMb >= (thresholds.memoryUnusedPercent / 100) * limitMb) return 'fine';
    if (limitMb - mostMb < thresholds.memoryUnusedGb * 1024) return 'fine';
    const [enoughMb, option] = writeMemory(HEADROOM * mostMb);
    const larger = tasks
      .filter((task) => needOf(task) > enoughMb)
      .sort((one, other) => needOf(other) - needOf(one));
    const count = countTasks(tasks.length - larger.length, tasks.length);
    return {
      kind: 'array-memory',
      subject: 'memory',
      severity: 'waste',
      message: `${count} used at most ${formatMb(usedBySmaller(tasks, enoughMb))} of ${formatMb(limitMb)}${describeLarger(larger)}.`,
      action: larger.length === 0 ? option : splitAction(option, larger, limitMb),
      ...namesOf(larger),
      evidence: { measure: 'memory_usage_mb' },
    };
  },
};

const isMeasured = ({ memoryPeakMb, memoryLimitMb }: ArrayTask): boolean =>
  memoryPeakMb !== undefined && memoryLimitMb !== undefined && memoryLimitMb > 0;

/** A task that ran out of memory needs more than its limit. */
const needOf = ({ memoryPeakMb = 0, memoryLimitMb = 0, rawState = '' }: ArrayTask): number =>
  rawState.startsWith('OUT_OF_ME') ? Math.max(memoryPeakMb, memoryLimitMb) : memoryPeakMb;

const usedBySmaller = (tasks: readonly ArrayTask[], enoughMb: number): number =>
  tasks.reduce((most, task) => (needOf(task) > enoughMb ? most : Math.max(most, needOf(task))), 0);

const describeLarger = (larger: readonly ArrayTask[]): string =>
  larger.length === 0
    ? ''
    : `, and ${larger.length === 1 ? 'the other' : `the ${larger.length} others`} up to ${formatMb(needOf(larger[0]!))}`;

/** Tasks that need more would be killed beside the others. */
function splitAction(option: string, larger: readonly ArrayTask[], limitMb: number): string {
  const more = writeMemory(Math.max(HEADROOM * needOf(larger[0]!), limitMb))[1];
  const which = arrayOption(larger);
  const others =
    which === undefined ? 'the larger ones in an array of their own' : `the larger ones with ${which}`;
  return `${option} for most, and ${others} ${more}`;
}
