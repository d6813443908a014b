import type { Design } from '../dashboard.ts';
import { jobsTable } from '../jobs-table.ts';
import { label, toDashboard, toPage, variable } from '../link.ts';
import { stat, timeSeries } from '../panel.ts';
import { UIDS } from '../uids.ts';

const NODE = '{node="$node"}';
const jobLinks = [
  toDashboard('Dashboard of the job', UIDS.job, 'job', label('job_id')),
  toPage('Page of the job', `/jobs/${label('job_id')}`),
];

/** One node: its load job by job, its GPUs, and whether its agent is well. */
export const NODE_DASHBOARD: Design = {
  uid: UIDS.node,
  title: 'Node',
  about: 'One node: what its jobs use, its GPUs, and whether its agent reads everything.',
  choices: [{ name: 'node', label: 'Node', family: 'hpc_agent_last_report_timestamp_seconds', of: 'node' }],
  page: toPage('Page of the node', `/nodes/${variable('node', 'percentencode')}`),
  rows: [
    {
      height: 4,
      panels: [
        stat({ title: 'Jobs', unit: 'count', expr: `max(hpc_node_jobs${NODE})` }),
        stat({
          title: 'CPUs busy for jobs',
          unit: 'share',
          expr: `max(hpc_node_job_cpus_used${NODE} / hpc_node_cpus${NODE})`,
        }),
        stat({
          title: 'Memory available',
          unit: 'share',
          expr: `min(hpc_node_memory_available_bytes${NODE} / hpc_node_memory_bytes${NODE})`,
        }),
        stat({
          title: 'GPU utilization',
          unit: 'percent',
          expr: `avg(hpc_node_gpu_utilization_percent${NODE})`,
        }),
        stat({
          title: 'Last report',
          unit: 'ago',
          expr: `1000 * max(hpc_agent_last_report_timestamp_seconds${NODE})`,
          plain: true,
        }),
        stat({
          title: 'Parts of the agent that fail',
          unit: 'count',
          expr: `count(hpc_agent_collector_success${NODE} == 0) or 0 * max(hpc_agent_last_report_timestamp_seconds${NODE})`,
          thresholds: [[1, 'red']],
        }),
      ],
    },
    {
      title: 'CPU and memory',
      height: 9,
      panels: [
        timeSeries({
          title: 'CPUs, by job',
          unit: 'count',
          stacked: true,
          queries: [
            {
              name: '{{job_id}} {{user}}',
              expr: `sum by (job_id, user) (rate(hpc_job_cpu_seconds_total${NODE}[$__rate_interval]))`,
            },
          ],
          valueLinks: jobLinks,
        }),
        timeSeries({
          title: 'CPUs and load',
          about:
            'The load counts processes that run or wait for a CPU or a disk. Busy is all use of CPUs, of jobs and all else.',
          unit: 'count',
          queries: [
            { name: 'total', expr: `max(hpc_node_cpus${NODE})` },
            { name: 'busy', expr: `max(rate(hpc_node_cpu_seconds_total${NODE}[$__rate_interval]))` },
            { name: 'load', expr: `max(hpc_node_load1${NODE})` },
          ],
        }),
        timeSeries({
          title: 'Memory, by job',
          unit: 'bytes',
          stacked: true,
          queries: [
            { name: '{{job_id}} {{user}}', expr: `sum by (job_id, user) (hpc_job_memory_rss_bytes${NODE})` },
          ],
          valueLinks: jobLinks,
        }),
        timeSeries({
          title: 'Memory',
          unit: 'bytes',
          queries: [
            { name: 'total', expr: `max(hpc_node_memory_bytes${NODE})` },
            { name: 'available', expr: `max(hpc_node_memory_available_bytes${NODE})` },
          ],
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
          queries: [{ name: '{{model}} {{gpu}}', expr: `hpc_node_gpu_utilization_percent${NODE}` }],
        }),
        timeSeries({
          title: 'Memory',
          unit: 'bytes',
          queries: [{ name: '{{model}} {{gpu}}', expr: `hpc_node_gpu_memory_used_bytes${NODE}` }],
        }),
        timeSeries({
          title: 'Power',
          unit: 'watts',
          queries: [{ name: '{{model}} {{gpu}}', expr: `hpc_node_gpu_power_watts${NODE}` }],
        }),
        timeSeries({
          title: 'Temperature',
          unit: 'celsius',
          queries: [{ name: '{{model}} {{gpu}}', expr: `hpc_node_gpu_temperature_celsius${NODE}` }],
        }),
      ],
    },
    { height: 8, panels: [jobsTable('Jobs on the node', NODE)] },
  ],
};
