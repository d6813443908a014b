import type { Design } from '../dashboard.ts';
import { toPage } from '../link.ts';
import { stat, timeSeries } from '../panel.ts';
import { UIDS } from '../uids.ts';

const RATE = '[$__rate_interval]';
const quantile = (share: number, family: string, by = 'le') =>
  `histogram_quantile(${share}, sum by (${by}) (rate(${family}_bucket${RATE})))`;

/** The service itself: whether it is well, how fast it answers and writes, what it knows from Slurm. */
export const SERVICE_DASHBOARD: Design = {
  uid: UIDS.service,
  title: 'hpc-observe',
  about:
    'Whether the service is well: requests, writes to disk, what waits, agents, and what it gets from Slurm.',
  page: toPage('Overview', '/'),
  rows: [
    {
      height: 4,
      panels: [
        stat({
          title: 'Up for',
          unit: 'seconds',
          expr: 'time() - max(process_start_time_seconds * on (instance) group_left () hpc_observe_build_info)',
          plain: true,
        }),
        stat({
          title: 'Failed commits, 1 h',
          unit: 'count',
          expr: 'sum(increase(hpc_observe_commits_total{result="failed"}[1h]))',
          thresholds: [[1, 'red']],
        }),
        stat({
          title: 'Silent agents',
          about: 'Agents that have not reported for five minutes, but within a day.',
          unit: 'count',
          expr: 'count(time() - hpc_agent_last_report_timestamp_seconds > 300 < 86400) or 0 * count(hpc_agent_last_report_timestamp_seconds)',
          thresholds: [[1, 'yellow']],
        }),
        stat({ title: 'Database', unit: 'bytes', expr: 'sum(hpc_observe_database_bytes)' }),
        stat({
          title: 'Memory',
          unit: 'bytes',
          expr: 'sum(process_resident_memory_bytes * on (instance) group_left () hpc_observe_build_info)',
        }),
        stat({
          title: 'CPUs',
          unit: 'count',
          expr: `sum(rate(process_cpu_seconds_total${RATE}) * on (instance) group_left () hpc_observe_build_info)`,
        }),
      ],
    },
    {
      title: 'Requests',
      height: 8,
      panels: [
        timeSeries({
          title: 'Requests, by route',
          unit: 'perSecond',
          queries: [
            {
              name: '{{method}} {{route}}',
              expr: `topk(8, sum by (method, route) (rate(hpc_observe_http_request_seconds_count${RATE})))`,
            },
          ],
        }),
        timeSeries({
          title: 'Time to the answer',
          unit: 'seconds',
          queries: [
            { name: 'half of them', expr: quantile(0.5, 'hpc_observe_http_request_seconds') },
            { name: '99 of 100', expr: quantile(0.99, 'hpc_observe_http_request_seconds') },
          ],
        }),
        timeSeries({
          title: 'Answers, by status',
          unit: 'perSecond',
          queries: [
            {
              name: '{{status}}',
              expr: `sum by (status) (rate(hpc_observe_http_request_seconds_count${RATE}))`,
            },
          ],
        }),
      ],
    },
    {
      title: 'Writes',
      height: 8,
      panels: [
        timeSeries({
          title: 'Time to be on disk',
          unit: 'seconds',
          queries: [
            { name: 'half of them', expr: quantile(0.5, 'hpc_observe_commit_seconds') },
            { name: '99 of 100', expr: quantile(0.99, 'hpc_observe_commit_seconds') },
          ],
        }),
        timeSeries({
          title: 'Jobs and samples written',
          unit: 'perSecond',
          queries: [{ name: 'rows', expr: `sum(rate(hpc_observe_commit_rows_sum${RATE}))` }],
        }),
        timeSeries({
          title: 'What waits',
          about: 'Writes for their commit; samples to be packed.',
          unit: 'count',
          queries: [
            { name: 'writes', expr: 'sum(hpc_observe_queue_length)' },
            { name: 'samples', expr: 'sum(hpc_observe_unsealed_samples)' },
          ],
        }),
      ],
    },
    {
      title: 'Slurm and background work',
      height: 8,
      panels: [
        timeSeries({
          title: 'Time of Slurm’s commands',
          unit: 'seconds',
          queries: [
            { name: '{{command}}', expr: 'max by (command) (hpc_observe_slurm_command_duration_seconds)' },
          ],
        }),
        timeSeries({
          title: 'Failures within an hour',
          about: 'Of commands of Slurm, background loops, and groups of metrics.',
          unit: 'count',
          queries: [
            {
              name: '{{command}}',
              expr: 'sum by (command) (increase(hpc_observe_slurm_command_failures_total[1h]))',
            },
            { name: 'loop {{loop}}', expr: 'sum by (loop) (increase(hpc_observe_loop_failures_total[1h]))' },
            {
              name: 'metrics {{group}}',
              expr: 'sum by (group) (increase(hpc_observe_metrics_group_failures_total[1h]))',
            },
          ],
        }),
        timeSeries({
          title: 'Reports about jobs, by source',
          unit: 'perSecond',
          queries: [
            { name: '{{source}}', expr: `sum by (source) (rate(hpc_observe_slurm_reports_total${RATE}))` },
          ],
        }),
      ],
    },
    {
      title: 'Push',
      height: 7,
      panels: [
        timeSeries({
          title: 'Samples that are pushed',
          about: 'Coalesced: a newer sample took the place. Nothing is shown unless --push is set.',
          unit: 'perSecond',
          queries: [
            { name: '{{result}}', expr: `sum by (result) (rate(hpc_observe_push_samples_total${RATE}))` },
          ],
        }),
        timeSeries({
          title: 'Age of the oldest that waits',
          unit: 'seconds',
          queries: [{ name: 'oldest', expr: 'max(hpc_observe_push_age_seconds)' }],
        }),
      ],
    },
  ],
};
