import type { Design } from '../dashboard.ts';
import { cell, label, toDashboard, toPage, variable } from '../link.ts';
import { stat, table, timeSeries } from '../panel.ts';
import { UIDS } from '../uids.ts';

const JOB = '{job_id="$job"}';
const nodeLinks = [toDashboard('Dashboard of the node', UIDS.node, 'node', label('node'))];
/** A job ends between two scrapes; a window of four always has two points. */
const RATE = '[$__rate_interval]';

/** One job: what it asked for, and what it used over time, by node and GPU. */
export const JOB_DASHBOARD: Design = {
  uid: UIDS.job,
  title: 'Job',
  about: 'One job: what it was given, and what it used, by node and GPU.',
  choices: [{ name: 'job', label: 'Job', family: 'hpc_job_runtime_seconds', of: 'job_id' }],
  page: toPage('Page of the job', `/jobs/${variable('job', 'percentencode')}`),
  rows: [
    {
      height: 4,
      panels: [
        stat({ title: 'Runtime', unit: 'seconds', expr: `max(hpc_job_runtime_seconds${JOB})`, plain: true }),
        stat({
          title: 'Time limit',
          unit: 'seconds',
          expr: `max(hpc_job_time_limit_seconds${JOB})`,
          plain: true,
        }),
        stat({ title: 'Nodes', unit: 'count', expr: `count(hpc_job_runtime_seconds${JOB})`, plain: true }),
        stat({ title: 'CPUs', unit: 'count', expr: `sum(hpc_job_cpus_allocated${JOB})`, plain: true }),
        stat({ title: 'GPUs', unit: 'count', expr: `sum(hpc_job_gpus_allocated${JOB})`, plain: true }),
        stat({
          title: 'Highest memory of its limit',
          about: 'The peak on the node where it was closest to the limit.',
          unit: 'share',
          expr: `max(hpc_job_memory_peak_bytes${JOB} / hpc_job_memory_limit_bytes${JOB})`,
          thresholds: [
            [0.9, 'yellow'],
            [0.98, 'red'],
          ],
          plain: true,
        }),
        stat({
          title: 'Killed for memory',
          about: 'Processes that the kernel killed because the limit was reached.',
          unit: 'count',
          expr: `sum(hpc_job_oom_kills_total${JOB})`,
          thresholds: [[1, 'red']],
          plain: true,
        }),
      ],
    },
    {
      title: 'CPU and memory',
      height: 9,
      panels: [
        timeSeries({
          title: 'CPUs that were busy, by node',
          unit: 'count',
          queries: [
            { name: '{{node}}', expr: `sum by (node) (rate(hpc_job_cpu_seconds_total${JOB}${RATE}))` },
            { name: 'held', expr: `max(hpc_job_cpus_allocated${JOB})` },
          ],
          valueLinks: nodeLinks,
        }),
        timeSeries({
          title: 'Memory, by node',
          unit: 'bytes',
          queries: [
            { name: '{{node}}', expr: `sum by (node) (hpc_job_memory_rss_bytes${JOB})` },
            { name: 'limit', expr: `max(hpc_job_memory_limit_bytes${JOB})` },
          ],
          valueLinks: nodeLinks,
        }),
      ],
    },
    {
      title: 'GPUs',
      height: 8,
      panels: [
        timeSeries({
          title: 'Utilization',
          unit: 'percent',
          max: 100,
          queries: [{ name: '{{node}} {{gpu}}', expr: `hpc_job_gpu_device_utilization_percent${JOB}` }],
        }),
        timeSeries({
          title: 'Memory',
          unit: 'bytes',
          queries: [
            { name: '{{node}} {{gpu}}', expr: `hpc_job_gpu_device_memory_used_bytes${JOB}` },
            { name: 'limit', expr: `max(hpc_job_gpu_device_memory_total_bytes${JOB})` },
          ],
        }),
        timeSeries({
          title: 'Power',
          unit: 'watts',
          queries: [{ name: '{{node}} {{gpu}}', expr: `hpc_job_gpu_device_power_watts${JOB}` }],
        }),
        timeSeries({
          title: 'Temperature',
          unit: 'celsius',
          queries: [{ name: '{{node}} {{gpu}}', expr: `hpc_job_gpu_device_temperature_celsius${JOB}` }],
        }),
      ],
    },
    {
      height: 6,
      panels: [
        table({
          title: 'Nodes',
          rows: {
            node: [
              toDashboard('Dashboard of the node', UIDS.node, 'node', cell('node')),
              toPage('Page of the node', `/nodes/${cell('node')}`),
            ],
          },
          columns: [
            { name: 'CPU usage', unit: 'percent', expr: `sum by (node) (hpc_job_cpu_usage_percent${JOB})` },
            { name: 'CPUs', unit: 'count', expr: `sum by (node) (hpc_job_cpus_allocated${JOB})` },
            { name: 'Memory', unit: 'bytes', expr: `sum by (node) (hpc_job_memory_usage_bytes${JOB})` },
            {
              name: 'Highest memory',
              unit: 'bytes',
              expr: `sum by (node) (hpc_job_memory_peak_bytes${JOB})`,
            },
            { name: 'GPU usage', unit: 'percent', expr: `sum by (node) (hpc_job_gpu_usage_percent${JOB})` },
          ],
          largestFirst: 'CPU usage',
        }),
        table({
          title: 'Whose it is',
          rows: {
            user: [toDashboard('Dashboard of the user', UIDS.user, 'user', cell('user'))],
            account: [toPage('Page of the account', `/accounts/${cell('account')}`)],
            partition: [],
          },
          columns: [
            { name: 'Jobs', unit: 'count', expr: `sum by (user, account, partition) (hpc_job_info${JOB})` },
          ],
          largestFirst: 'Jobs',
        }),
      ],
    },
  ],
};
