import { expect, test } from 'bun:test';
import { renderSeff, renderSeffTable } from '../../src/report/seff.ts';
import { factsOf, GB, usage } from '../help/run-facts.ts';

const facts = factsOf({
  whole: usage(50, 25 * GB, 80),
  job: { id: '4711', details: { cluster: 'alpha', exitCode: 0, timeLimitSeconds: 7200 } },
});

test('one job is printed as seff prints it', () => {
  expect(renderSeff(facts, facts.nowMs)).toBe(`Job ID: 4711
Cluster: alpha
User: alice
State: COMPLETED (exit code 0)
Cores: 32
CPU Utilized: 16:00:00
CPU Efficiency: 50.00% of 1-08:00:00 core-walltime
Job Wall-clock time: 01:00:00
Memory Utilized: 25.00 GB
Memory Efficiency: 25.00% of 100.00 GB
`);
});

test('a job that nobody measured is not said to have used nothing', () => {
  const none = factsOf({ whole: { samples: 0, observedSeconds: 0 }, nodes: {} });
  const text = renderSeff(none, none.nowMs);
  expect(text).toContain('CPU Utilized: not measured\n');
  expect(text).toContain('Memory Utilized: not measured\n');
  expect(text).not.toContain('Efficiency');
});

test('several jobs are a table as of reportseff, with dashes where nothing is known', () => {
  const none = factsOf({
    whole: { samples: 0, observedSeconds: 0 },
    nodes: {},
    job: { id: '4712', state: 'running' },
  });
  expect(
    renderSeffTable([facts, none], facts.nowMs),
  ).toBe(`JobID  State       Elapsed  TimeEff  CPUEff  MemEff  GPUEff
4711   COMPLETED  01:00:00    50.0%   50.0%   25.0%   80.0%
4712   COMPLETED  01:00:00    80.0%     ---     ---     ---
`);
});
