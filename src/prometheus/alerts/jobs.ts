import type { Alert } from '../alert.ts';

const JOB_PAGE = '/jobs/{{ $labels.job_id }}';

/** Alerts on running jobs. */
export const JOB_ALERTS: readonly Alert[] = [
  {
    name: 'JobMemoryNearLimit',
    severity: 'info',
    expr: 'hpc_job_memory_rss_bytes / hpc_job_memory_limit_bytes > 0.95',
    for: '5m',
    summary: 'Job {{ $labels.job_id }} of {{ $labels.user }} is close to its memory limit',
    description: 'It uses {{ $value | humanizePercentage }} of its limit on {{ $labels.node }}.',
    page: JOB_PAGE,
    meaning: 'The kernel kills processes of the job when it reaches the limit.',
    steps: ['Tell the user to ask for more memory at the next run, such as `--mem=24G`.'],
  },
  {
    name: 'JobOOMKilled',
    severity: 'info',
    expr: 'hpc_job_oom_kills_total > 0',
    summary: 'Job {{ $labels.job_id }} of {{ $labels.user }} lost processes for lack of memory',
    description: 'The kernel killed {{ $value }} of its processes on {{ $labels.node }}.',
    page: JOB_PAGE,
    meaning: 'The job reached its memory limit. It often goes on without the processes and never ends.',
    steps: ['Tell the user; the page of the job has the peak and the limit.'],
  },
  {
    name: 'GPUHeldNoSamples',
    severity: 'warning',
    expr: 'hpc_job_gpus_allocated > 0 unless on (job_id, node) hpc_job_gpu_usage_percent',
    for: '15m',
    summary: 'The GPUs of job {{ $labels.job_id }} cannot be read',
    description: 'The job has {{ $value }} GPUs on {{ $labels.node }}, and there is no usage of any.',
    page: JOB_PAGE,
    meaning: 'The agent cannot read the GPUs, or they are slices (MIG), which have no utilization.',
    steps: ['`hpc-observe agent --once` on the node says why.'],
  },
  {
    name: 'GPUJobIdle',
    severity: 'info',
    expr: 'max by (job_id, node, user) (max_over_time(hpc_job_gpu_usage_percent[1h])) == 0 and on (job_id, node) hpc_job_runtime_seconds > 7200',
    summary: 'Job {{ $labels.job_id }} of {{ $labels.user }} does not use its GPUs',
    description: 'Their highest usage on {{ $labels.node }} within an hour was {{ $value }} %.',
    page: JOB_PAGE,
    meaning: 'Others could use the GPUs.',
    steps: ['The page of the job shows what it does instead. Tell the user, or cancel the job.'],
  },
  {
    name: 'JobCPUsIdle',
    severity: 'info',
    expr: 'rate(hpc_job_cpu_seconds_total[1h]) / hpc_job_cpus_allocated < 0.05 and on (job_id, node) hpc_job_cpus_allocated >= 8 and on (job_id, node) hpc_job_runtime_seconds > 7200 unless on (job_id, node) hpc_job_gpus_allocated > 0',
    for: '30m',
    summary: 'Job {{ $labels.job_id }} of {{ $labels.user }} does not use its CPUs',
    description:
      'It used {{ $value | humanizePercentage }} of its CPUs on {{ $labels.node }} within an hour.',
    page: JOB_PAGE,
    meaning: 'The job waits for something, has ended without its script noticing, or uses one CPU of many.',
    steps: ['The page of the job shows since when. Jobs with GPUs are not judged.'],
  },
];
