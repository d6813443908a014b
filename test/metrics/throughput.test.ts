import { expect, test } from 'bun:test';
import { throughputMetrics } from '../../src/metrics/throughput.ts';
import { testWith } from '../help/tool.ts';

const TEXT = await throughputMetrics(async () => ({
  live: [
    { partition: '', state: 'pending', count: 2 },
    { partition: 'a"b', state: 'running', count: 3 },
  ],
  finished: [{ partition: 'gpu', state: 'failed', count: 4 }],
  waits: {
    runs: new Map([
      [10, 1],
      [60, 2],
      [Infinity, 1],
    ]),
    totalSeconds: 604_900.5,
  },
})).render();

test('the buckets of the throughput histogram are cumulative', () => {
  expect(TEXT.split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'))).toEqual([
    '# TYPE hpc_observe_jobs gauge',
    'hpc_observe_jobs{partition="",state="pending"} 2',
    'hpc_observe_jobs{partition="a\\"b",state="running"} 3',
    '# TYPE hpc_observe_jobs_finished_total counter',
    'hpc_observe_jobs_finished_total{partition="gpu",state="failed"} 4',
    '# TYPE hpc_observe_queue_wait_seconds histogram',
    ...['1"} 0', '10"} 1', '60"} 3', '300"} 3', '900"} 3', '3600"} 3', '14400"} 3', '43200"} 3'].map(
      (rest) => `hpc_observe_queue_wait_seconds_bucket{le="${rest}`,
    ),
    ...['86400"} 3', '259200"} 3', '604800"} 3', '+Inf"} 4'].map(
      (rest) => `hpc_observe_queue_wait_seconds_bucket{le="${rest}`,
    ),
    'hpc_observe_queue_wait_seconds_sum 604900.5',
    'hpc_observe_queue_wait_seconds_count 4',
  ]);
});

testWith(['promtool'])('promtool finds nothing', async () => {
  const child = Bun.spawn(['promtool', 'check', 'metrics'], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  child.stdin.write(TEXT);
  await child.stdin.end();
  const said = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  expect([await child.exited, said]).toEqual([0, '']);
});
