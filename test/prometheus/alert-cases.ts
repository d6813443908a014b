/** When an alert fires and when not, as promtool checks it. */
interface AlertCase {
  readonly alert: string;
  /** Values a minute apart, as promtool reads them. Subjects that are well are among them. */
  readonly series: Readonly<Record<string, string>>;
  /** At this time it does not fire yet. */
  readonly silentAt: string;
  readonly firesAt: string;
  /** All that fire then. */
  readonly fires: readonly (readonly [
    labels: Readonly<Record<string, string>>,
    summary: string,
    description: string,
  ])[];
}

const job = (id: string, user: string) => `{job_id="${id}",node="n1",user="${user}"}`;

export const ALERT_CASES: readonly AlertCase[] = [
  {
    alert: 'HpcObserveAbsent',
    series: { 'hpc_observe_build_info{version="1.0.0"}': '1x5 stale' },
    silentAt: '9m',
    firesAt: '12m',
    fires: [
      [
        {},
        'Prometheus has no metrics of hpc-observe',
        'No scrape has succeeded for 5 minutes. Jobs are not measured while the service is down.',
      ],
    ],
  },
  {
    alert: 'HpcObserveNoWriter',
    series: {
      'hpc_observe_writer{instance="a"}': '1x10 0x20',
      'hpc_observe_writer{instance="b"}': '0x5 1x5 0x20',
    },
    silentAt: '10m',
    firesAt: '13m',
    fires: [
      [
        {},
        'No hpc-observe writes to its PostgreSQL database',
        'All services that share the database only read it. Nothing is stored, and Slurm is not followed.',
      ],
    ],
  },
  {
    alert: 'HpcObserveCommitsFail',
    series: {
      'hpc_observe_commits_total{result="failed"}': '0x10 2x2 4x20',
      'hpc_observe_commits_total{result="committed"}': '0+10x40',
    },
    silentAt: '10m',
    firesAt: '14m',
    fires: [
      [
        { result: 'failed' },
        'hpc-observe cannot write to its database',
        '4 transactions failed within 5 minutes; their writes were answered with 503.',
      ],
    ],
  },
  {
    alert: 'HpcObserveCommitsSlow',
    series: {
      'hpc_observe_commit_seconds_bucket{le="0.5"}': '0+10x10 100+0x30',
      'hpc_observe_commit_seconds_bucket{le="1"}': '0+10x10 110+10x30',
      'hpc_observe_commit_seconds_bucket{le="+Inf"}': '0+10x10 110+10x30',
    },
    silentAt: '15m',
    firesAt: '35m',
    fires: [
      [
        {},
        'The disk of hpc-observe is slow',
        'One transaction in a hundred takes 995ms or longer to be on disk.',
      ],
    ],
  },
  {
    alert: 'HpcObserveRefusesSamples',
    series: { hpc_observe_unsealed_refusals_total: '0x10 9x20' },
    silentAt: '10m',
    firesAt: '15m',
    fires: [
      [
        {},
        'hpc-observe refuses samples because too many wait to be packed',
        '9 writes were answered with 503 within 10 minutes.',
      ],
    ],
  },
  {
    alert: 'HpcObserveRequestsFail',
    series: {
      'hpc_observe_http_request_seconds_count{route="/v1/jobs",status="200"}': '0+90x60',
      'hpc_observe_http_request_seconds_count{route="/v1/jobs",status="503"}': '0x20 10+10x40',
      'hpc_observe_http_request_seconds_count{route="/v1/jobs",status="404"}': '0+900x20 18000x40',
    },
    silentAt: '25m',
    firesAt: '45m',
    fires: [
      [
        {},
        'hpc-observe answers requests with errors',
        '10% of all requests of the last 10 minutes were answered with a status of 500 or more.',
      ],
    ],
  },
  {
    alert: 'HpcObserveLoopFails',
    series: {
      'hpc_observe_loop_failures_total{loop="retention"}': '0+1x60',
      // Failed once, and goes on.
      'hpc_observe_loop_failures_total{loop="queue"}': '0x5 1x60',
    },
    silentAt: '15m',
    firesAt: '35m',
    fires: [
      [
        { loop: 'retention' },
        'A part of hpc-observe fails again and again: retention',
        'The background loop retention failed 15 times within 15 minutes. The other parts go on.',
      ],
    ],
  },
  {
    alert: 'HpcObserveMetricsIncomplete',
    series: {
      'hpc_observe_metrics_group_failures_total{group="jobs"}': '0x5 9x20',
      'hpc_observe_metrics_group_failures_total{group="nodes"}': '0x25',
    },
    silentAt: '5m',
    firesAt: '10m',
    fires: [
      [
        { group: 'jobs' },
        'Metrics of hpc-observe are missing: jobs',
        '9 scrapes of the last 10 minutes were without the group jobs.',
      ],
    ],
  },
  {
    alert: 'HpcObserveSeriesDropped',
    series: {
      hpc_observe_metrics_series_dropped: '0x5 40x40',
      hpc_observe_metrics_node_series_dropped: '0x5 2x40',
    },
    silentAt: '19m',
    firesAt: '22m',
    fires: [[{}, 'Not all jobs and nodes are in Prometheus', '42 series are left out of /metrics.']],
  },
  {
    alert: 'HpcObserveSetsAside',
    series: { hpc_observe_set_aside_total: '0x60 59x60' },
    silentAt: '60m',
    firesAt: '90m',
    fires: [
      [
        {},
        'hpc-observe could not process stored data',
        '59 series, chunks or jobs were set aside within an hour.',
      ],
    ],
  },
  {
    alert: 'HpcObservePushFails',
    series: { hpc_observe_push_age_seconds: '0x5 60+60x20' },
    silentAt: '14m',
    firesAt: '17m',
    fires: [
      [
        {},
        'hpc-observe does not get rid of what it pushes',
        'The oldest snapshot has waited for 12m 0s to be sent.',
      ],
    ],
  },
  {
    alert: 'HpcObserveCertificateExpires',
    series: {
      'hpc_observe_tls_certificate_expiry_timestamp_seconds{instance="a"}': '1209900x20',
      'hpc_observe_tls_certificate_expiry_timestamp_seconds{instance="b"}': '9000000x20',
    },
    silentAt: '5m',
    firesAt: '10m',
    fires: [
      [
        { instance: 'a' },
        'The TLS certificate of hpc-observe expires soon',
        'It is valid for another 13d 23h 55m 0s.',
      ],
    ],
  },
  {
    alert: 'SlurmCommandFails',
    series: {
      'hpc_observe_slurm_command_last_success_timestamp_seconds{command="squeue"}': '0+60x5 300x20',
      'hpc_observe_slurm_command_last_success_timestamp_seconds{command="sinfo"}': '0x30',
    },
    silentAt: '15m',
    firesAt: '16m',
    fires: [
      [
        { command: 'squeue' },
        'hpc-observe gets no answer from squeue',
        'The last successful call was 11m 0s ago.',
      ],
    ],
  },
  {
    alert: 'SlurmHooksWait',
    series: { hpc_observe_slurm_spool_age_seconds: '0x5 60+60x20' },
    silentAt: '14m',
    firesAt: '17m',
    fires: [
      [
        {},
        'Events of Slurm’s hooks are not read',
        'The oldest event in the spool folder has waited for 12m 0s.',
      ],
    ],
  },
  {
    alert: 'SlurmHookFilesBad',
    series: { hpc_observe_slurm_spool_bad_files_total: '0x60 59x30' },
    silentAt: '60m',
    firesAt: '70m',
    fires: [
      [{}, 'Files in the spool folder are no events of hooks', '59 files were moved aside within an hour.'],
    ],
  },
  {
    alert: 'JobsFailOften',
    series: {
      'hpc_observe_jobs_finished_total{partition="gpu",state="failed"}': '0+3x120',
      'hpc_observe_jobs_finished_total{partition="gpu",state="completed"}': '0+1x120',
      // As many, but most are well.
      'hpc_observe_jobs_finished_total{partition="cpu",state="failed"}': '0+1x120',
      'hpc_observe_jobs_finished_total{partition="cpu",state="completed"}': '0+3x120',
      // All fail, but there are few.
      'hpc_observe_jobs_finished_total{partition="test",state="failed"}': '0x30 1x30 2x60',
    },
    silentAt: '14m',
    firesAt: '80m',
    fires: [
      [
        { partition: 'gpu' },
        'Most jobs of the partition gpu fail',
        '75% of the jobs that ended within an hour have failed.',
      ],
    ],
  },
  {
    alert: 'PartitionStands',
    series: {
      'hpc_observe_jobs{partition="down",state="pending"}': '7x120',
      'hpc_observe_jobs{partition="busy",state="pending"}': '7x120',
      'hpc_observe_jobs{partition="busy",state="running"}': '1x120',
      'hpc_observe_jobs{partition="empty",state="pending"}': '0x120',
    },
    silentAt: '59m',
    firesAt: '61m',
    fires: [
      [
        { partition: 'down', state: 'pending' },
        'No job runs in the partition down, and some wait',
        '7 jobs have waited for an hour while nothing ran there.',
      ],
    ],
  },
  {
    alert: 'AgentSilent',
    series: {
      // n1 stopped to report after two minutes, n2 goes on, n3 has been gone for days.
      'hpc_agent_last_report_timestamp_seconds{node="n1"}': '0 60 120 120x60',
      'hpc_agent_last_report_timestamp_seconds{node="n2"}': '0+60x62',
      'hpc_agent_last_report_timestamp_seconds{node="n3"}': '-200000x62',
    },
    silentAt: '7m',
    firesAt: '8m',
    fires: [
      [
        { node: 'n1' },
        'The agent of n1 is silent',
        'It has not reported for 6m 0s. Jobs on this node have no samples.',
      ],
    ],
  },
  {
    alert: 'AgentsSilent',
    series: {
      'hpc_agent_last_report_timestamp_seconds{node="n1"}': '0 60 120 120x60',
      'hpc_agent_last_report_timestamp_seconds{node="n2"}': '0+60x62',
      'hpc_agent_last_report_timestamp_seconds{node="n3"}': '-200000x62',
    },
    silentAt: '12m',
    firesAt: '14m',
    fires: [[{}, 'Many agents are silent', '50% of the nodes have not reported for more than 5 minutes.']],
  },
  {
    alert: 'AgentIncomplete',
    series: {
      'hpc_agent_collector_success{node="n1",collector="cpu"}': '1x62',
      'hpc_agent_collector_success{node="n1",collector="nvidia"}': '0x62',
    },
    silentAt: '14m',
    firesAt: '20m',
    fires: [
      [
        { node: 'n1', collector: 'nvidia' },
        'The agent of n1 cannot read everything (nvidia)',
        'The part nvidia has failed for 15 minutes. What it measures is missing.',
      ],
    ],
  },
  {
    alert: 'NodeClockDiffers',
    series: {
      'hpc_agent_clock_difference_seconds{node="n1"}': '2x62',
      'hpc_agent_clock_difference_seconds{node="n2"}': '-90x62',
    },
    silentAt: '14m',
    firesAt: '20m',
    fires: [[{ node: 'n2' }, 'The clock of n2 is wrong', 'It is 1m 30s away from that of the head node.']],
  },
  {
    alert: 'NodeMemoryFull',
    series: {
      'hpc_node_memory_available_bytes{node="n1"}': '500x5 10x20',
      'hpc_node_memory_bytes{node="n1"}': '1000x25',
      'hpc_node_memory_available_bytes{node="n2"}': '500x25',
      'hpc_node_memory_bytes{node="n2"}': '1000x25',
    },
    silentAt: '15m',
    firesAt: '17m',
    fires: [[{ node: 'n1' }, 'The memory of n1 is full', '1% of the memory is available.']],
  },
  {
    alert: 'GPUHot',
    series: {
      'hpc_node_gpu_temperature_celsius{node="n1",gpu="GPU-1",model="h100"}': '95x20',
      'hpc_node_gpu_temperature_celsius{node="n1",gpu="GPU-2",model="h100"}': '70x20',
    },
    silentAt: '9m',
    firesAt: '11m',
    fires: [[{ node: 'n1', gpu: 'GPU-1', model: 'h100' }, 'A GPU of n1 is hot', 'The h100 GPU-1 has 95 °C.']],
  },
  {
    alert: 'JobMemoryNearLimit',
    series: {
      [`hpc_job_memory_rss_bytes${job('full', 'alice')}`]: '96x20',
      [`hpc_job_memory_limit_bytes${job('full', 'alice')}`]: '100x20',
      [`hpc_job_memory_rss_bytes${job('small', 'bob')}`]: '10x20',
      [`hpc_job_memory_limit_bytes${job('small', 'bob')}`]: '100x20',
    },
    silentAt: '4m',
    firesAt: '6m',
    fires: [
      [
        { job_id: 'full', node: 'n1', user: 'alice' },
        'Job full of alice is close to its memory limit',
        'It uses 96% of its limit on n1.',
      ],
    ],
  },
  {
    alert: 'JobOOMKilled',
    series: {
      [`hpc_job_oom_kills_total${job('full', 'alice')}`]: '0x5 2x20',
      [`hpc_job_oom_kills_total${job('small', 'bob')}`]: '0x25',
    },
    silentAt: '5m',
    firesAt: '7m',
    fires: [
      [
        { job_id: 'full', node: 'n1', user: 'alice' },
        'Job full of alice lost processes for lack of memory',
        'The kernel killed 2 of its processes on n1.',
      ],
    ],
  },
  {
    alert: 'GPUHeldNoSamples',
    series: {
      [`hpc_job_gpus_allocated${job('blind', 'alice')}`]: '2x30',
      [`hpc_job_gpus_allocated${job('seen', 'bob')}`]: '1x30',
      [`hpc_job_gpu_usage_percent${job('seen', 'bob')}`]: '50x30',
      [`hpc_job_gpus_allocated${job('none', 'bob')}`]: '0x30',
    },
    silentAt: '14m',
    firesAt: '20m',
    fires: [
      [
        { job_id: 'blind', node: 'n1', user: 'alice' },
        'The GPUs of job blind cannot be read',
        'The job has 2 GPUs on n1, and there is no usage of any.',
      ],
    ],
  },
  {
    alert: 'GPUJobIdle',
    series: {
      [`hpc_job_gpu_usage_percent${job('idle', 'bob')}`]: '50 0x200',
      [`hpc_job_runtime_seconds${job('idle', 'bob')}`]: '0+60x201',
      [`hpc_job_gpu_usage_percent${job('paused', 'bob')}`]: '0x100 50 0x100',
      [`hpc_job_runtime_seconds${job('paused', 'bob')}`]: '0+60x201',
    },
    silentAt: '120m',
    firesAt: '125m',
    fires: [
      [
        { job_id: 'idle', node: 'n1', user: 'bob' },
        'Job idle of bob does not use its GPUs',
        'Their highest usage on n1 within an hour was 0 %.',
      ],
    ],
  },
  {
    alert: 'JobCPUsIdle',
    series: {
      [`hpc_job_cpu_seconds_total${job('idle', 'bob')}`]: '0+36x200',
      [`hpc_job_cpus_allocated${job('idle', 'bob')}`]: '16x200',
      [`hpc_job_runtime_seconds${job('idle', 'bob')}`]: '0+60x200',
      [`hpc_job_cpu_seconds_total${job('busy', 'bob')}`]: '0+900x200',
      [`hpc_job_cpus_allocated${job('busy', 'bob')}`]: '16x200',
      [`hpc_job_runtime_seconds${job('busy', 'bob')}`]: '0+60x200',
      [`hpc_job_cpu_seconds_total${job('small', 'bob')}`]: '0+1x200',
      [`hpc_job_cpus_allocated${job('small', 'bob')}`]: '2x200',
      [`hpc_job_runtime_seconds${job('small', 'bob')}`]: '0+60x200',
      [`hpc_job_cpu_seconds_total${job('gpu', 'bob')}`]: '0+1x200',
      [`hpc_job_cpus_allocated${job('gpu', 'bob')}`]: '16x200',
      [`hpc_job_gpus_allocated${job('gpu', 'bob')}`]: '1x200',
      [`hpc_job_runtime_seconds${job('gpu', 'bob')}`]: '0+60x200',
    },
    silentAt: '150m',
    firesAt: '155m',
    fires: [
      [
        { job_id: 'idle', node: 'n1', user: 'bob' },
        'Job idle of bob does not use its CPUs',
        'It used 3.75% of its CPUs on n1 within an hour.',
      ],
    ],
  },
];
