import type { Design } from '../dashboard.ts';
import { cell, label, toDashboard, toPage } from '../link.ts';
import { bars, stat, table, timeSeries } from '../panel.ts';
import { UIDS } from '../uids.ts';

const CPUS_USED = 'rate(hpc_job_cpu_seconds_total[$__rate_interval])';
/** On each node, what a job has and does not use. More threads than CPUs are no negative waste. */
const IDLE_CPUS = `clamp_min(hpc_job_cpus_allocated - ${CPUS_USED}, 0)`;
const IDLE_GPUS = 'hpc_job_gpus_allocated * on (job_id, node, user) (1 - hpc_job_gpu_usage_percent / 100)';
const IDLE_MEMORY = 'hpc_job_memory_limit_bytes - hpc_job_memory_peak_bytes';

const by = (what: 'account' | 'partition', expr: string) =>
  `sort_desc(topk(10, sum by (${what}) (sum by (job_id) (${expr}) * on (job_id) group_left (${what}) hpc_job_info) > 0))`;
const byUser = (expr: string) => `sort_desc(topk(10, sum by (user) (${expr}) > 0))`;

const userLinks = [
  toDashboard('Dashboard of the user', UIDS.user, 'user', label('user')),
  toPage('Page of the user', `/users/${label('user')}`),
];
const accountLinks = [toPage('Page of the account', `/accounts/${label('account')}`)];

/** What running jobs hold and do not use: all together, by account, partition and user, and job by job. */
export const EFFICIENCY_DASHBOARD: Design = {
  uid: UIDS.efficiency,
  title: 'Efficiency',
  about: 'What running jobs hold and do not use. The pages of hpc-observe have the same of ended jobs.',
  page: toPage('Efficiency', '/efficiency'),
  rows: [
    {
      height: 4,
      panels: [
        stat({ title: 'Held CPUs that idle', unit: 'count', expr: `sum(${IDLE_CPUS})` }),
        stat({
          title: 'of all held',
          unit: 'share',
          expr: `sum(${IDLE_CPUS}) / sum(hpc_job_cpus_allocated)`,
        }),
        stat({ title: 'Held GPUs that idle', unit: 'count', expr: `sum(${IDLE_GPUS})` }),
        stat({
          title: 'of all held',
          unit: 'share',
          expr: `sum(${IDLE_GPUS}) / sum(hpc_job_gpus_allocated)`,
        }),
        stat({
          title: 'Memory asked for and never used',
          unit: 'bytes',
          expr: `sum(${IDLE_MEMORY})`,
        }),
        stat({
          title: 'of all asked for',
          unit: 'share',
          expr: `sum(${IDLE_MEMORY}) / sum(hpc_job_memory_limit_bytes)`,
        }),
      ],
    },
    {
      height: 8,
      panels: [
        timeSeries({
          title: 'CPUs of jobs',
          unit: 'count',
          queries: [
            { name: 'held', expr: 'sum(hpc_job_cpus_allocated)' },
            { name: 'busy', expr: `sum(${CPUS_USED})` },
          ],
        }),
        timeSeries({
          title: 'GPUs of jobs',
          unit: 'count',
          queries: [
            { name: 'held', expr: 'sum(hpc_job_gpus_allocated)' },
            { name: 'busy', expr: 'sum(hpc_job_gpu_device_utilization_percent) / 100' },
          ],
        }),
      ],
    },
    {
      title: 'Idle GPUs',
      height: 8,
      panels: [
        bars({
          title: 'by account',
          unit: 'count',
          colour: 'orange',
          queries: [{ name: '{{account}}', expr: by('account', IDLE_GPUS) }],
          valueLinks: accountLinks,
        }),
        bars({
          title: 'by partition',
          unit: 'count',
          colour: 'orange',
          queries: [{ name: '{{partition}}', expr: by('partition', IDLE_GPUS) }],
        }),
        bars({
          title: 'by user',
          unit: 'count',
          colour: 'orange',
          queries: [{ name: '{{user}}', expr: byUser(IDLE_GPUS) }],
          valueLinks: userLinks,
        }),
      ],
    },
    {
      title: 'Idle CPUs',
      height: 8,
      panels: [
        bars({
          title: 'by account',
          unit: 'count',
          colour: 'orange',
          queries: [{ name: '{{account}}', expr: by('account', IDLE_CPUS) }],
          valueLinks: accountLinks,
        }),
        bars({
          title: 'by partition',
          unit: 'count',
          colour: 'orange',
          queries: [{ name: '{{partition}}', expr: by('partition', IDLE_CPUS) }],
        }),
        bars({
          title: 'by user',
          unit: 'count',
          colour: 'orange',
          queries: [{ name: '{{user}}', expr: byUser(IDLE_CPUS) }],
          valueLinks: userLinks,
        }),
      ],
    },
    {
      height: 10,
      panels: [
        table({
          title: 'Jobs that hold most and do not use it',
          about: 'The twenty jobs with most idle CPUs, and those with most idle GPUs.',
          rows: {
            job_id: [
              toDashboard('Dashboard of the job', UIDS.job, 'job', cell('job_id')),
              toPage('Page of the job', `/jobs/${cell('job_id')}`),
            ],
            user: [toDashboard('Dashboard of the user', UIDS.user, 'user', cell('user'))],
          },
          columns: [
            { name: 'Idle GPUs', unit: 'count', expr: `topk(20, sum by (job_id, user) (${IDLE_GPUS}))` },
            { name: 'Idle CPUs', unit: 'count', expr: `topk(20, sum by (job_id, user) (${IDLE_CPUS}))` },
          ],
          largestFirst: 'Idle GPUs',
        }),
        bars({
          title: 'Findings of running jobs, by kind',
          about: 'As they were judged within the last minute; one with several findings counts in each.',
          unit: 'count',
          colour: 'orange',
          queries: [
            { name: '{{kind}}', expr: 'sort_desc(topk(15, sum by (kind) (hpc_observe_running_findings)))' },
          ],
          valueLinks: [
            toPage('Running jobs with this finding', `/jobs?filter=state:running+finding:${label('kind')}`),
          ],
        }),
        bars({
          title: 'Findings of runs that ended, by kind',
          about: 'All stored runs; one with several findings counts in each.',
          unit: 'count',
          colour: 'orange',
          queries: [{ name: '{{kind}}', expr: 'sort_desc(topk(15, sum by (kind) (hpc_observe_findings)))' }],
          valueLinks: [
            toPage(
              'Jobs that ended with this finding',
              `/jobs?filter=state:completed,failed,cancelled+finding:${label('kind')}`,
            ),
          ],
        }),
      ],
    },
  ],
};
