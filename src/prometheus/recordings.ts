import type { Recording } from './alert.ts';

const CPUS_USED = 'rate(hpc_job_cpu_seconds_total[5m])';
/** A job on a node counts with the mean of its GPUs there. */
const GPUS_USED = 'hpc_job_gpus_allocated * on (job_id, node) group_left () hpc_job_gpu_usage_percent / 100';
const byAccount = (expr: string) =>
  `sum by (account, partition) (sum by (job_id) (${expr}) * on (job_id) group_left (account, partition) hpc_job_info)`;

/** Sums of the cluster, its users and its accounts: a few series each, which may be kept for years. */
export const RECORDINGS: readonly Recording[] = [
  {
    record: 'user:hpc_job_cpus_allocated:sum',
    expr: 'sum by (user) (hpc_job_cpus_allocated)',
    meaning: 'CPUs that the jobs of a user hold',
  },
  {
    record: 'user:hpc_job_cpus_used:sum',
    expr: `sum by (user) (${CPUS_USED})`,
    meaning: 'CPUs that were busy for the jobs of a user',
  },
  {
    record: 'user:hpc_job_gpus_allocated:sum',
    expr: 'sum by (user) (hpc_job_gpus_allocated)',
    meaning: 'GPUs that the jobs of a user hold',
  },
  {
    record: 'user:hpc_job_gpus_used:sum',
    expr: `sum by (user) (${GPUS_USED})`,
    meaning: 'GPUs that were busy for the jobs of a user',
  },
  {
    record: 'account_partition:hpc_job_cpus_allocated:sum',
    expr: byAccount('hpc_job_cpus_allocated'),
    meaning: 'CPUs that the jobs of an account hold in a partition',
  },
  {
    record: 'account_partition:hpc_job_cpus_used:sum',
    expr: byAccount(CPUS_USED),
    meaning: 'CPUs that were busy for the jobs of an account in a partition',
  },
  {
    record: 'account_partition:hpc_job_gpus_allocated:sum',
    expr: byAccount('hpc_job_gpus_allocated'),
    meaning: 'GPUs that the jobs of an account hold in a partition',
  },
  {
    record: 'account_partition:hpc_job_gpus_used:sum',
    expr: byAccount(GPUS_USED),
    meaning: 'GPUs that were busy for the jobs of an account in a partition',
  },
  {
    record: 'cluster:hpc_node_cpus:sum',
    expr: 'sum(hpc_node_cpus)',
    meaning: 'CPUs of all nodes that report',
  },
  {
    record: 'cluster:hpc_node_job_cpus_used:sum',
    expr: 'sum(hpc_node_job_cpus_used)',
    meaning: 'CPUs that were busy for jobs',
  },
  {
    record: 'cluster:hpc_node_gpu_utilization:avg',
    expr: 'avg(hpc_node_gpu_utilization_percent)',
    meaning: 'Mean utilization of all GPUs, in percent',
  },
  {
    record: 'cluster:hpc_node_gpu_power_watts:sum',
    expr: 'sum(hpc_node_gpu_power_watts)',
    meaning: 'Power of all GPUs, in watts',
  },
];
