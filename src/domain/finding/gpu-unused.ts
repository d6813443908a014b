import { formatCount, formatSeconds } from '../figures.ts';
import type { NodeSummary } from '../store/samples.ts';
import { lackOf } from './enough.ts';
import type { Facts, Finding, Rule } from './finding.ts';
import { describeNodes } from './node-names.ts';

/**
 * Finds GPUs that a run holds and never used, each by itself where they could be told apart. Least time is
 * that of jobstats (https://github.com/PrincetonUniversity/jobstats): all samples at 0 %.
 */
export const GPU_UNUSED: Rule = {
  subject: 'gpu',
  kinds: {
    'gpu-unused': 'all GPUs, those of a node, or single ones stayed below `gpu-idle-percent`',
  },
  judge(facts) {
    const { job, summary, thresholds } = facts;
    const gpus = job.details?.gpus ?? 0;
    if (gpus === 0 && !summary.whole.gpuUsage) return undefined;
    const lack = lackOf(facts);
    if (lack) return lack;
    if (!summary.whole.gpuUsage) return { unjudged: 'no GPU could be read' };
    const known = summary.nodes.filter(({ gpuUsage }) => gpuUsage);
    const idle = known.filter(({ gpuUsage }) => gpuUsage!.max < thresholds.gpuIdlePercent);
    if (summary.whole.gpuUsage.max < thresholds.gpuIdlePercent) return allUnused(facts);
    return idle.length > 0 ? nodesUnused(facts, idle) : (someUnused(facts, known) ?? 'fine');
  },
};

const waste = (message: string, action: string, nodes: readonly NodeSummary[], gpus?: string[]): Finding => ({
  kind: 'gpu-unused',
  subject: 'gpu',
  severity: 'waste',
  message,
  action,
  nodes: nodes.map(({ node }) => node),
  evidence: gpus ? { measure: 'gpu_utilization_percent', gpus } : { measure: 'gpu_usage' },
});

function allUnused({ job, summary: { whole, nodes } }: Facts): Finding {
  const gpus = job.details?.gpus ?? 0;
  const held = gpus > 0 ? formatCount(gpus, 'GPU') : 'GPUs';
  return waste(
    `It held ${held} and used none in ${formatSeconds(whole.observedSeconds)}.`,
    'Ask for no GPU, or find out why the program does not see it.',
    nodes,
  );
}

const nodesUnused = ({ summary: { whole } }: Facts, idle: readonly NodeSummary[]): Finding =>
  waste(
    `The GPUs of ${describeNodes(idle.map(({ node }) => node))} were never used in ${formatSeconds(whole.observedSeconds)}.`,
    'Ask for fewer nodes, or let the program use the GPUs of all.',
    idle,
  );

/** Single GPUs of nodes whose other GPUs were used. */
function someUnused(
  { job, summary: { whole }, thresholds }: Facts,
  nodes: readonly NodeSummary[],
): Finding | undefined {
  const read = nodes.flatMap(({ gpus = [] }) => gpus.filter(({ utilizationPercent }) => utilizationPercent));
  const idle = read.filter(({ utilizationPercent }) => utilizationPercent!.max < thresholds.gpuIdlePercent);
  if (idle.length === 0) return undefined;
  const used = read.length - idle.length;
  const where = nodes.filter(({ gpus = [] }) => gpus.some((gpu) => idle.includes(gpu)));
  return waste(
    `${idle.length} of ${read.length} GPUs ${idle.length === 1 ? 'was' : 'were'} never used in ${formatSeconds(whole.observedSeconds)}.`,
    job.nodes.length === 1 && used > 0
      ? `--gpus=${used}`
      : 'Ask for fewer GPUs, or let the program use all of them.',
    where,
    idle.map(({ gpu }) => gpu),
  );
}
