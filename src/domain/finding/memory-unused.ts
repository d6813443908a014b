import { formatMb } from '../figures.ts';
import { hasEnded } from '../job.ts';
import { writeMemory } from '../sizing/option.ts';
import { lackOf } from './enough.ts';
import type { Rule } from './finding.ts';

/** What is asked for should leave room for the next run to need a little more. */
const HEADROOM = 1.2;

/** Finds ended runs that left most of their memory unused, for which others wait. */
export const MEMORY_UNUSED: Rule = {
  subject: 'memory',
  kinds: {
    'memory-unused':
      'an ended job used less than `memory-unused-percent` of its limit, and left `memory-unused-gb` or more',
  },
  unless: ['ended-by-memory', 'memory-near-limit', 'memory-killed'],
  judge(facts) {
    const { job, summary, thresholds } = facts;
    const limitMb = job.details?.memoryLimitMb;
    const used = summary.whole.memoryUsageMb;
    // A running job may still need what it asked for.
    if (!limitMb || !used || lackOf(facts) || !hasEnded(job.state)) return undefined;
    if (used.max >= (thresholds.memoryUnusedPercent / 100) * limitMb) return 'fine';
    if (limitMb - used.max < thresholds.memoryUnusedGb * 1024) return 'fine';
    const perNodeMb = job.nodes.length > 1 ? fullestMb(facts) : used.max;
    const option = memoryOption(facts, perNodeMb);
    return {
      kind: 'memory-unused',
      subject: 'memory',
      severity: 'waste',
      message: `It used at most ${formatMb(used.max)} of the ${formatMb(limitMb)} that it asked for.`,
      ...(option !== undefined && { action: option }),
      evidence: { measure: 'memory_usage_mb' },
    };
  },
};

/** Asks for what is enough for this run and for others like it; undefined if those needed all of it. */
function memoryOption({ job, sizing }: Parameters<Rule['judge']>[0], perNodeMb: number): string | undefined {
  const [enough, option] = writeMemory(HEADROOM * perNodeMb);
  const others = sizing?.sizes.memory;
  if (!others || others.enough <= enough) return option;
  return others.enough < job.details!.memoryLimitMb! / job.nodes.length ? others.option : undefined;
}

/** The most that any node needed: --mem is the same for all. */
const fullestMb = ({ summary }: Parameters<Rule['judge']>[0]): number =>
  summary.nodes.reduce((most, { memoryUsageMb }) => Math.max(most, memoryUsageMb?.max ?? 0), 0);
