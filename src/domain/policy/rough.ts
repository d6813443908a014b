import type { Thresholds } from '../finding/thresholds.ts';
import type { Job } from '../job.ts';
import type { RunningJob } from '../running-job.ts';
import { type Condition, holds } from './condition.ts';
import type { JobFigureName, Need } from './figures.ts';
import { needsOf } from './match.ts';
import type { Policy } from './policy.ts';

/** What a policy may still need of a running job. */
export interface RoughMatch {
  readonly policy: Policy;
  readonly needs: ReadonlySet<Need>;
}

/**
 * Returns what policies may be about a running job, by the list of these alone: reading a job takes a
 * millisecond, and of 20,000 few are left. What the list does not have is taken as it suits each policy.
 */
export function roughMatcher(policies: readonly Policy[], { gpuIdlePercent }: Thresholds) {
  const lenient = policies.map((policy) => {
    const { qos: _, ...only } = policy.only;
    return { policy, rough: { ...policy, only, act: false } };
  });

  /** Most use so far is at least the use now. */
  const canHold = (condition: Condition, { cpuUsage, gpuUsage = 0, nodes }: RunningJob): boolean => {
    const figure = condition.figure as JobFigureName;
    if (figure === 'gpu_idle_minutes') return holds(condition, 0) || gpuUsage < gpuIdlePercent;
    if (figure === 'gpu_max_percent') return !isAtMost(condition) || holds(condition, gpuUsage);
    const isOfCpu = figure === 'cpu_max_percent' || (figure === 'least_node_cpu_max_percent' && nodes === 1);
    return !isOfCpu || !isAtMost(condition) || holds(condition, cpuUsage);
  };

  return (running: RunningJob, nowMs: number): RoughMatch[] => {
    const job = roughJob(running);
    const found: RoughMatch[] = [];
    for (const { policy, rough } of lenient) {
      if (!hasFinding(policy, running)) continue;
      if (!policy.job.every((condition) => canHold(condition, running))) continue;
      const needs = needsOf(rough, { job, nowMs });
      if (needs) found.push({ policy, needs });
    }
    return found;
  };
}

/** Jobs that run are judged once a minute. */
const hasFinding = ({ findings }: Policy, running: RunningJob): boolean =>
  findings.length === 0 || running.findings?.some(({ kind }) => findings.includes(kind)) === true;

const isAtMost = ({ operator }: Condition): boolean => operator.startsWith('<');

function roughJob({ id, user, nodes, startTimeMs, ...rest }: RunningJob): Job {
  const { cpuUsage, memoryUsageMb, findings: _, ...details } = rest;
  const names = new Array<string>(nodes).fill('');
  return { id, user, nodes: names, state: 'running', startTimeMs, cpuUsage, memoryUsageMb, details };
}
