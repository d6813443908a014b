import type { Rule } from './finding.ts';

/** Finds runs in which the kernel killed processes for memory, which Slurm does not always notice. */
export const MEMORY_KILLED: Rule = {
  subject: 'memory',
  kinds: {
    'memory-killed': 'the kernel killed processes of it for memory, whatever Slurm says of its end',
  },
  unless: ['ended-by-memory'],
  judge({ summary }) {
    const kills = summary.whole.measured?.memoryOomKills;
    if (kills === undefined) return undefined;
    if (kills === 0) return 'fine';
    const nodes = summary.nodes.filter(({ measured }) => (measured?.memoryOomKills ?? 0) > 0);
    return {
      kind: 'memory-killed',
      subject: 'memory',
      severity: 'harm',
      message: `The kernel killed ${kills === 1 ? '1 process' : `${kills} processes`} of it, because its memory limit was reached.`,
      action: 'Ask for more memory (--mem); do not trust the results of this run.',
      nodes: nodes.map(({ node }) => node),
      evidence: { measure: 'memory_oom_kills' },
    };
  },
};
