import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { DEFAULT_THRESHOLDS } from '../../../src/domain/finding/thresholds.ts';
import type { Job } from '../../../src/domain/job.ts';
import type { PolicyJob } from '../../../src/domain/policy/figures.ts';
import { matchJob } from '../../../src/domain/policy/match.ts';
import { roughMatcher } from '../../../src/domain/policy/rough.ts';
import type { RunningJob } from '../../../src/domain/running-job.ts';
import { MINUTE_MS } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { policiesOf } from '../../help/policies.ts';
import { isThorough } from '../../help/seeds.ts';

const FIGURES = [
  ...['runtime_minutes', 'nodes', 'gpus', 'cpu_percent', 'cpu_max_percent', 'least_node_cpu_max_percent'],
  ...['gpu_percent', 'gpu_max_percent', 'gpu_idle_minutes', 'cpu_idle_minutes'],
];
const percent = fc.constantFrom(0, 0.5, 20, 100);

const condition = fc
  .record({
    figure: fc.constantFrom(...FIGURES),
    operator: fc.constantFrom('<=', '<', '>=', '>', '='),
    bound: fc.constantFrom(0, 1, 2, 20, 60),
  })
  .map(({ figure, operator, bound }) => `job.${figure} = "${operator} ${bound}"`);

const policy = fc.record({
  conditions: fc.uniqueArray(condition, {
    minLength: 1,
    maxLength: 3,
    selector: (text) => text.split(' ')[0],
  }),
  chosen: fc.constantFrom('', 'qos = ["debug"]', 'excluded_qos = ["debug"]', 'users = ["alice"]'),
});

/** A job as it is now, with the most and the mean that it had. */
const life = fc.record({
  nodes: fc.integer({ min: 1, max: 2 }),
  gpus: fc.integer({ min: 0, max: 2 }),
  minutes: fc.constantFrom(1, 30, 90),
  ...{ cpu: percent, cpuMore: percent, gpu: percent, gpuMore: percent, least: percent },
  qos: fc.constantFrom('debug', 'normal'),
  idle: fc.constantFrom(0, 16, 61),
});

test('no job that a policy is about is left out by what the list of running jobs says of it', () => {
  fc.assert(
    fc.property(policy, life, ({ conditions, chosen }, one) => {
      const lines = [...conditions, chosen].join('\n');
      const [own] = policiesOf(`[policy.p]\nsays = "x"\nlooks_at = "running"\ntell = ["user"]\n${lines}\n`)
        .policies as [ReturnType<typeof policiesOf>['policies'][number]];
      const startTimeMs = NOON_MS - one.minutes * MINUTE_MS;
      const hasGpus = one.gpus > 0;
      const most = { cpu: Math.max(one.cpu, one.cpuMore), gpu: Math.max(one.gpu, one.gpuMore) };
      // The node that is used least never had more than the most of all.
      const least = one.nodes === 1 ? most.cpu : Math.min(one.least, most.cpu);
      const details = { cpus: 4, qos: one.qos, ...(hasGpus && { gpus: one.gpus }) };
      const names = ['n1', 'n2'].slice(0, one.nodes);
      const job: Job = {
        ...{ id: '1', user: 'alice', nodes: names, state: 'running', startTimeMs, details },
        ...{ cpuUsage: one.cpu, memoryUsageMb: 1 },
      };
      const stat = (max: number, mean: number) => ({ max, mean, min: 0 });
      const observed = { samples: 100, observedSeconds: one.minutes * 60 };
      const facts: PolicyJob = {
        ...{ job, nowMs: NOON_MS },
        summary: {
          whole: {
            ...observed,
            cpuUsage: stat(most.cpu, one.cpu),
            ...(hasGpus && { gpuUsage: stat(most.gpu, one.gpu) }),
          },
          nodes: names.map((node, index) => ({
            ...{ node, ...observed },
            cpuUsage: stat(index === 0 ? least : most.cpu, 0),
          })),
        } as NonNullable<PolicyJob['summary']>,
        idle: {
          ...{ fromMs: startTimeMs, toMs: NOON_MS },
          cpuMs: one.idle * MINUTE_MS,
          // One that is busy now is not idle.
          gpuMs: (one.gpu < DEFAULT_THRESHOLDS.gpuIdlePercent ? one.idle : 0) * MINUTE_MS,
        },
      };
      const running: RunningJob = {
        ...{ id: '1', user: 'alice', nodes: one.nodes, startTimeMs, suspendedSeconds: 0, cpus: 4 },
        ...{ cpuUsage: one.cpu, memoryUsageMb: 1, ...(hasGpus && { gpus: one.gpus, gpuUsage: one.gpu }) },
      };
      if (matchJob(own, facts))
        expect(roughMatcher([own], DEFAULT_THRESHOLDS)(running, NOON_MS)).toHaveLength(1);
    }),
    { numRuns: isThorough ? 5000 : 500 },
  );
});

const DEPLOYED = await Bun.file(`${import.meta.dir}/../../../deploy/policies.toml`).text();

test('of jobs that are busy, none is read because of the policies that a site starts with', () => {
  const { policies } = policiesOf(DEPLOYED);
  const match = roughMatcher(
    policies.filter(({ looksAt }) => looksAt === 'running'),
    DEFAULT_THRESHOLDS,
  );
  const busy: RunningJob = {
    ...{ id: '1', user: 'alice', nodes: 1, startTimeMs: NOON_MS - 90 * MINUTE_MS, suspendedSeconds: 0 },
    ...{ cpus: 8, gpus: 2, cpuUsage: 60, gpuUsage: 80, memoryUsageMb: 1 },
  };
  const namesOf = (job: RunningJob) => match(job, NOON_MS).map(({ policy }) => policy.name);
  expect(namesOf(busy)).toEqual([]);
  expect(namesOf({ ...busy, cpuUsage: 0 })).toEqual(['node-unused']);
  expect(namesOf({ ...busy, gpuUsage: 0 })).toContain('gpu-idle');
  expect(namesOf({ ...busy, nodes: 2 })).toEqual(['node-unused']);
  const findings = [{ kind: 'gpu-scattered', severity: 'waste' }] as const;
  expect(namesOf({ ...busy, nodes: 2, findings })).toEqual(['node-unused', 'gpus-scattered']);
});
