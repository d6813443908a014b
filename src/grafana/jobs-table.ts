import { cell, toDashboard, toPage } from './link.ts';
import { type Panel, table } from './panel.ts';
import { UIDS } from './uids.ts';

/** A table of the running jobs that a selector chooses, with their usage; it links to each. */
export function jobsTable(title: string, selector: string): Panel {
  const of = (operation: string, family: string) => `${operation} by (job_id, user) (${family}${selector})`;
  return table({
    title,
    about: 'CPU usage is the share of its CPUs, the mean of all nodes; memory is that of all nodes.',
    rows: {
      job_id: [
        toDashboard('Dashboard of the job', UIDS.job, 'job', cell('job_id')),
        toPage('Page of the job', `/jobs/${cell('job_id')}`),
      ],
      user: [toDashboard('Dashboard of the user', UIDS.user, 'user', cell('user'))],
    },
    columns: [
      { name: 'Runtime', unit: 'seconds', expr: of('max', 'hpc_job_runtime_seconds') },
      { name: 'CPUs', unit: 'count', expr: of('sum', 'hpc_job_cpus_allocated') },
      { name: 'CPU usage', unit: 'percent', expr: of('avg', 'hpc_job_cpu_usage_percent') },
      { name: 'Memory', unit: 'bytes', expr: of('sum', 'hpc_job_memory_usage_bytes') },
      { name: 'GPUs', unit: 'count', expr: of('sum', 'hpc_job_gpus_allocated') },
      { name: 'GPU usage', unit: 'percent', expr: of('avg', 'hpc_job_gpu_usage_percent') },
    ],
    largestFirst: 'CPUs',
  });
}
