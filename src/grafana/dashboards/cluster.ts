import type { Design } from '../dashboard.ts';
import { label, toDashboard, toPage } from '../link.ts';
import { bars, stat, timeSeries } from '../panel.ts';
import { UIDS } from '../uids.ts';

const userLinks = [
  toDashboard('Dashboard of the user', UIDS.user, 'user', label('user')),
  toPage('Page of the user', `/users/${label('user')}`),
];

/** The cluster at a glance: what is there, held and busy; the queue; who holds most. */
export const CLUSTER_DASHBOARD: Design = {
  uid: UIDS.cluster,
  title: 'Cluster',
  about: 'What the cluster has, what jobs hold of it and what they use, and how jobs go through the queue.',
  page: toPage('Overview', '/'),
  rows: [
    {
      height: 4,
      panels: [
        stat({ title: 'Nodes that report', unit: 'count', expr: 'count(hpc_node_cpus)' }),
        stat({ title: 'Running jobs', unit: 'count', expr: 'sum(hpc_job_state_total{state="running"})' }),
        stat({ title: 'Waiting jobs', unit: 'count', expr: 'sum(hpc_job_state_total{state="pending"})' }),
        stat({
          title: 'CPUs busy for jobs',
          unit: 'share',
          expr: 'sum(hpc_node_job_cpus_used) / sum(hpc_node_cpus)',
        }),
        stat({ title: 'GPU utilization', unit: 'percent', expr: 'avg(hpc_node_gpu_utilization_percent)' }),
        stat({ title: 'Power of GPUs', unit: 'watts', expr: 'sum(hpc_node_gpu_power_watts)' }),
      ],
    },
    {
      title: 'Capacity: there, held by jobs, busy',
      height: 8,
      panels: [
        timeSeries({
          title: 'CPUs',
          unit: 'count',
          queries: [
            { name: 'total', expr: 'sum(hpc_node_cpus)' },
            { name: 'held', expr: 'sum(hpc_job_cpus_allocated)' },
            { name: 'busy', expr: 'sum(hpc_node_job_cpus_used)' },
          ],
        }),
        timeSeries({
          title: 'GPUs',
          about: 'Busy is the sum of their utilization, so 8 GPUs at 50 % count as 4.',
          unit: 'count',
          queries: [
            { name: 'total', expr: 'count(hpc_node_gpu_utilization_percent)' },
            { name: 'held', expr: 'sum(hpc_job_gpus_allocated)' },
            { name: 'busy', expr: 'sum(hpc_node_gpu_utilization_percent) / 100' },
          ],
        }),
        timeSeries({
          title: 'Memory',
          unit: 'bytes',
          queries: [
            { name: 'total', expr: 'sum(hpc_node_memory_bytes)' },
            { name: 'held', expr: 'sum(hpc_job_memory_limit_bytes)' },
            { name: 'used', expr: 'sum(hpc_node_job_memory_bytes)' },
          ],
        }),
      ],
    },
    {
      title: 'Jobs',
      height: 8,
      panels: [
        timeSeries({
          title: 'Running, by partition',
          unit: 'count',
          stacked: true,
          queries: [
            { name: '{{partition}}', expr: 'sum by (partition) (hpc_observe_jobs{state="running"})' },
          ],
        }),
        timeSeries({
          title: 'Waiting, by partition',
          unit: 'count',
          stacked: true,
          queries: [
            { name: '{{partition}}', expr: 'sum by (partition) (hpc_observe_jobs{state="pending"})' },
          ],
        }),
        timeSeries({
          title: 'Ended within an hour',
          about: 'How many jobs ended in the hour before each point, and how.',
          unit: 'count',
          queries: ['completed', 'failed', 'cancelled'].map((state) => ({
            name: state,
            expr: `sum(increase(hpc_observe_jobs_finished_total{state="${state}"}[1h]))`,
          })),
        }),
        timeSeries({
          title: 'Wait in the queue',
          about: 'Of the jobs that started in the hour before each point.',
          unit: 'seconds',
          queries: [
            { name: 'half of them', quantile: 0.5 },
            { name: 'nine of ten', quantile: 0.9 },
          ].map(({ name, quantile }) => ({
            name,
            expr: `histogram_quantile(${quantile}, sum by (le) (increase(hpc_observe_queue_wait_seconds_bucket[1h])))`,
          })),
        }),
      ],
    },
    {
      title: 'Who holds most now',
      height: 9,
      panels: [
        bars({
          title: 'CPUs',
          unit: 'count',
          queries: [
            { name: '{{user}}', expr: 'sort_desc(topk(10, sum by (user) (hpc_job_cpus_allocated)))' },
          ],
          valueLinks: userLinks,
        }),
        bars({
          title: 'GPUs',
          unit: 'count',
          queries: [
            { name: '{{user}}', expr: 'sort_desc(topk(10, sum by (user) (hpc_job_gpus_allocated) > 0))' },
          ],
          valueLinks: userLinks,
        }),
        bars({
          title: 'Memory',
          unit: 'bytes',
          queries: [
            { name: '{{user}}', expr: 'sort_desc(topk(10, sum by (user) (hpc_job_memory_limit_bytes)))' },
          ],
          valueLinks: userLinks,
        }),
      ],
    },
  ],
};
