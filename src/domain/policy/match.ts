import type { Finding } from '../finding/finding.ts';
import type { Job } from '../job.ts';
import { holds } from './condition.ts';
import { figureOf, JOB_FIGURES, type JobFigureName, type Need, needOf, type PolicyJob } from './figures.ts';
import type { Policy, Selection, Selector } from './policy.ts';

/** The figures that a policy compares, and those that totals are made of. */
const KEPT: readonly JobFigureName[] = [
  'cpu_hours',
  'gpu_hours',
  'memory_tb_hours',
  'unused_cpu_hours',
  'unused_gpu_hours',
  'unused_memory_tb_hours',
  'unused_limit_cpu_hours',
  'unused_limit_gpu_hours',
  'cpu_percent',
  'gpu_percent',
  'memory_used_percent',
  'time_used_percent',
];

/** A run that a policy is about. */
export interface Match {
  readonly id: string;
  readonly name?: string;
  /** The number of a run before the latest of its job. */
  readonly run?: number;
  readonly user: string;
  readonly account?: string;
  readonly startTimeMs: number;
  readonly endTimeMs?: number;
  readonly figures: Readonly<Partial<Record<JobFigureName, number>>>;
  /** Why, for people: the figures that the policy compares. */
  readonly reasons: readonly string[];
  /** The findings that the policy asks for. */
  readonly findings: readonly Pick<Finding, 'kind' | 'message' | 'action'>[];
  /** The time that the figures are of. */
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Returns whether a policy is about jobs of such a partition, account, user and QOS. A policy that acts
 * spares a job that may be excluded, because a name is not known.
 */
export const selects = ({ only, excluded, act }: Policy, { user, details = {} }: Job): boolean => {
  const values: Record<Selector, string | undefined> = {
    partitions: details.partition,
    accounts: details.account,
    users: user,
    qos: details.qos,
  };
  const isAmong = (selection: Selection, selector: Selector, otherwise: boolean) =>
    values[selector] === undefined ? otherwise : selection[selector]!.includes(values[selector]);
  const selectors = Object.keys(values) as Selector[];
  return selectors.every(
    (selector) =>
      (only[selector] === undefined || isAmong(only, selector, false)) &&
      (excluded[selector] === undefined || !isAmong(excluded, selector, act)),
  );
};

/** Returns the policies' needs that a job may still meet: what is to be read of it; undefined if nothing. */
export function needsOf(policy: Policy, facts: PolicyJob): ReadonlySet<Need> | undefined {
  if (facts.job.startTimeMs === undefined || !selects(policy, facts.job)) return undefined;
  const names = policy.job.map(({ figure }) => figure as JobFigureName);
  const isOut = policy.job.some(
    (condition) =>
      needOf(condition.figure as JobFigureName) === undefined &&
      !holds(condition, figureOf(facts, condition.figure as JobFigureName)),
  );
  if (isOut) return undefined;
  const needs = names.map(needOf).filter((need) => need !== undefined);
  if (policy.total.length > 0) needs.push('summary');
  if (policy.findings.length > 0) needs.push('summary', 'findings');
  return new Set(needs);
}

/** Returns the match of a job with a policy; undefined if a condition does not hold, or is not known to. */
export function matchJob(policy: Policy, facts: PolicyJob): Match | undefined {
  const { job, run, idle, nowMs } = facts;
  if (job.startTimeMs === undefined || !selects(policy, job)) return undefined;
  const found = (facts.findings ?? []).filter(({ kind }) => policy.findings.includes(kind));
  if (policy.findings.length > 0 && found.length === 0) return undefined;
  const compared = policy.job.map(({ figure }) => figure as JobFigureName);
  const figures = readFigures([...compared, ...KEPT], facts);
  if (!policy.job.every((condition) => holds(condition, figures[condition.figure as JobFigureName])))
    return undefined;
  const { account, name } = job.details ?? {};
  return {
    id: job.id,
    ...(name !== undefined && { name }),
    ...(run !== undefined && { run }),
    user: job.user,
    ...(account !== undefined && { account }),
    startTimeMs: job.startTimeMs,
    ...(job.endTimeMs !== undefined && { endTimeMs: job.endTimeMs }),
    figures,
    reasons: [...new Set(compared)].map((figure) => JOB_FIGURES[figure].say(figures[figure]!)),
    findings: found.map(({ kind, message, action }) => ({ kind, message, ...(action && { action }) })),
    fromMs: idle?.fromMs ?? job.startTimeMs,
    toMs: idle?.toMs ?? job.endTimeMs ?? nowMs,
  };
}

function readFigures(names: readonly JobFigureName[], facts: PolicyJob): Match['figures'] {
  const figures: Partial<Record<JobFigureName, number>> = {};
  for (const name of new Set(names)) {
    const value = figureOf(facts, name);
    if (value !== undefined) figures[name] = value;
  }
  return figures;
}
