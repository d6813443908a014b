import { expect, test } from 'bun:test';
import { slurmMetrics } from '../../src/metrics/slurm.ts';

const familiesOf = (text: string) =>
  Object.fromEntries(
    [...text.matchAll(/^# TYPE hpc_observe_slurm_(\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]),
  );

test('what only goes up is a counter, and says so in its name', async () => {
  const { registry } = slurmMetrics({
    now: () => 0,
    commandStates: () => undefined,
    spoolState: () => undefined,
  });
  expect(familiesOf(await registry.metrics())).toEqual({
    reports_total: 'counter',
    spool_files: 'gauge',
    spool_bad_files_total: 'counter',
    spool_age_seconds: 'gauge',
    command_last_success_timestamp_seconds: 'gauge',
    command_duration_seconds: 'gauge',
    command_calls_total: 'counter',
    command_failures_total: 'counter',
  });
});

test('parts that do not run have no series; those that run have what they are at the scrape', async () => {
  let isRunning = false;
  const state = { calls: 3, failures: 1, lastSuccessMs: 5000, lastDurationMs: 250 };
  const { registry } = slurmMetrics({
    now: () => 10_000,
    commandStates: () => (isRunning ? new Map([['squeue', state]]) : undefined),
    spoolState: () => (isRunning ? { length: 2, oldestMs: 4000, bad: 7 } : undefined),
  });
  const series = async () =>
    (await registry.metrics())
      .split('\n')
      .filter((line) => /^hpc_observe_slurm_(spool|command)/.test(line))
      .map((line) => line.slice('hpc_observe_slurm_'.length));
  expect(await series()).toEqual([]);
  isRunning = true;
  const running = [
    'spool_files 2',
    'spool_bad_files_total 7',
    'spool_age_seconds 6',
    'command_last_success_timestamp_seconds{command="squeue"} 5',
    'command_duration_seconds{command="squeue"} 0.25',
    'command_calls_total{command="squeue"} 3',
    'command_failures_total{command="squeue"} 1',
  ];
  expect(await series()).toEqual(running);
  expect(await series()).toEqual(running);
  isRunning = false;
  expect(await series()).toEqual([]);
});
