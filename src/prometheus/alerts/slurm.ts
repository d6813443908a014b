import type { Alert } from '../alert.ts';

/** Alerts on what is known from Slurm, and on the queue. */
export const SLURM_ALERTS: readonly Alert[] = [
  {
    name: 'SlurmCommandFails',
    severity: 'warning',
    expr: 'time() - hpc_observe_slurm_command_last_success_timestamp_seconds{command="squeue"} > 600',
    summary: 'hpc-observe gets no answer from {{ $labels.command }}',
    description: 'The last successful call was {{ $value | humanizeDuration }} ago.',
    meaning: 'The states of jobs may be out of date. Hooks and completion records still arrive.',
    steps: [
      'Run `squeue` as the user of the service. If it fails too, slurmctld is down or overloaded.',
      'The log has what the command printed. `hpc-observe slurm check` finds wrong settings.',
    ],
  },
  {
    name: 'SlurmHooksWait',
    severity: 'warning',
    expr: 'hpc_observe_slurm_spool_age_seconds > 300',
    for: '5m',
    summary: 'Events of Slurm’s hooks are not read',
    description: 'The oldest event in the spool folder has waited for {{ $value | humanizeDuration }}.',
    meaning: 'The starts and ends of jobs are known late. No event is lost.',
    steps: [
      'The log says why the spool is not read: the folder of `--spool` must belong to the user of the service.',
    ],
  },
  {
    name: 'SlurmHookFilesBad',
    severity: 'info',
    expr: 'increase(hpc_observe_slurm_spool_bad_files_total[1h]) > 0',
    summary: 'Files in the spool folder are no events of hooks',
    description: '{{ $value | humanize }} files were moved aside within an hour.',
    meaning: 'Somebody writes other files to the folder, or a hook was cut off, for example by a full disk.',
    steps: ['Look at the files in the folder `bad` of the spool folder.'],
  },
  {
    name: 'JobsFailOften',
    severity: 'warning',
    expr: 'sum by (partition) (increase(hpc_observe_jobs_finished_total{state="failed"}[1h])) / sum by (partition) (increase(hpc_observe_jobs_finished_total[1h])) > 0.5 and on (partition) sum by (partition) (increase(hpc_observe_jobs_finished_total[1h])) > 20',
    for: '15m',
    summary: 'Most jobs of the partition {{ $labels.partition }} fail',
    description: '{{ $value | humanizePercentage }} of the jobs that ended within an hour have failed.',
    page: '/jobs?filter=state:failed+partition:{{ $labels.partition }}',
    meaning:
      'A node kills every job that it gets, a file system is gone, or one user has sent many broken jobs.',
    steps: [
      'The overview shows what failed within the hour by node. One node with most failures should be drained.',
      'If one user has most of them, tell the user.',
    ],
  },
  {
    name: 'PartitionStands',
    severity: 'warning',
    expr: 'hpc_observe_jobs{state="pending"} > 0 unless on (partition) hpc_observe_jobs{state="running"} > 0',
    for: '1h',
    summary: 'No job runs in the partition {{ $labels.partition }}, and some wait',
    description: '{{ $value | humanize }} jobs have waited for an hour while nothing ran there.',
    page: '/queue',
    meaning: 'The partition is down, all its nodes are drained, or the waiting jobs can never start.',
    steps: ['`sinfo -p PARTITION -R` shows why nodes are away; the page of the queue shows why jobs wait.'],
  },
];
