import type { Design } from '../dashboard.ts';
import { jobsTable } from '../jobs-table.ts';
import { toPage, variable } from '../link.ts';
import { stat, timeSeries } from '../panel.ts';
import { UIDS } from '../uids.ts';

const USER = '{user="$user"}';

/** One user: what the jobs hold and use, and a list of them. */
export const USER_DASHBOARD: Design = {
  uid: UIDS.user,
  title: 'User',
  about: 'What the running jobs of one user hold and use.',
  choices: [{ name: 'user', label: 'User', family: 'hpc_job_runtime_seconds', of: 'user' }],
  page: toPage('Page of the user', `/users/${variable('user', 'percentencode')}`),
  rows: [
    {
      height: 4,
      panels: [
        stat({
          title: 'Running jobs',
          unit: 'count',
          expr: `count(count by (job_id) (hpc_job_runtime_seconds${USER}))`,
        }),
        stat({
          title: 'Nodes',
          unit: 'count',
          expr: `count(count by (node) (hpc_job_runtime_seconds${USER}))`,
        }),
        stat({ title: 'CPUs', unit: 'count', expr: `sum(hpc_job_cpus_allocated${USER})` }),
        stat({
          title: 'of them busy',
          unit: 'share',
          expr: `sum(rate(hpc_job_cpu_seconds_total${USER}[$__rate_interval])) / sum(hpc_job_cpus_allocated${USER})`,
        }),
        stat({ title: 'GPUs', unit: 'count', expr: `sum(hpc_job_gpus_allocated${USER})` }),
        stat({
          title: 'GPU usage',
          unit: 'percent',
          expr: `avg(hpc_job_gpu_device_utilization_percent${USER})`,
        }),
      ],
    },
    {
      title: 'Held and used',
      height: 8,
      panels: [
        timeSeries({
          title: 'CPUs',
          unit: 'count',
          queries: [
            { name: 'held', expr: `sum(hpc_job_cpus_allocated${USER})` },
            { name: 'busy', expr: `sum(rate(hpc_job_cpu_seconds_total${USER}[$__rate_interval]))` },
          ],
        }),
        timeSeries({
          title: 'Memory',
          unit: 'bytes',
          queries: [
            { name: 'held', expr: `sum(hpc_job_memory_limit_bytes${USER})` },
            { name: 'used', expr: `sum(hpc_job_memory_rss_bytes${USER})` },
          ],
        }),
        timeSeries({
          title: 'GPUs',
          unit: 'count',
          queries: [
            { name: 'held', expr: `sum(hpc_job_gpus_allocated${USER})` },
            { name: 'busy', expr: `sum(hpc_job_gpu_device_utilization_percent${USER}) / 100` },
          ],
        }),
      ],
    },
    { height: 10, panels: [jobsTable('Running jobs', USER)] },
  ],
};
