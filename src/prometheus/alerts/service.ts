import type { Alert } from '../alert.ts';

/** Alerts on the service itself. */
export const SERVICE_ALERTS: readonly Alert[] = [
  {
    name: 'HpcObserveAbsent',
    severity: 'critical',
    expr: 'absent(hpc_observe_build_info)',
    for: '5m',
    summary: 'Prometheus has no metrics of hpc-observe',
    description: 'No scrape has succeeded for 5 minutes. Jobs are not measured while the service is down.',
    meaning:
      'Prometheus does not reach the service, is refused, or the service does not run. Agents keep their samples and send them later.',
    steps: [
      '`systemctl status hpc-observe` on the head node shows whether it runs, and `journalctl -u hpc-observe` why it ended.',
      'Prometheus shows the error of the last scrape under Status, Targets. `401` means that its token is missing, expired or revoked ([access.md](access.md)).',
    ],
  },
  {
    name: 'HpcObserveNoWriter',
    severity: 'critical',
    expr: 'max(hpc_observe_writer) == 0',
    for: '1m',
    summary: 'No hpc-observe writes to its PostgreSQL database',
    description:
      'All services that share the database only read it. Nothing is stored, and Slurm is not followed.',
    meaning:
      'No service has the lock of the database: the server is away or read only, or something else holds the lock. Agents keep their samples and send them later ([two-services.md](two-services.md)).',
    steps: [
      'The log of each service says under `database_lost` and `lock_not_taken` what the database answers, and `hpc-observe doctor` whether it reaches the database.',
      'If the database is there, the address of `--database` may lead to a standby: name the primary.',
      'A command that writes, such as `slurm import` or `copy`, holds the lock while it runs.',
    ],
  },
  {
    name: 'HpcObserveCommitsFail',
    severity: 'critical',
    expr: 'increase(hpc_observe_commits_total{result="failed"}[5m]) > 0',
    for: '2m',
    summary: 'hpc-observe cannot write to its database',
    description:
      '{{ $value | humanize }} transactions failed within 5 minutes; their writes were answered with 503.',
    meaning:
      'The disk is full, read-only or broken. What was answered with 503 is sent again by agents and hooks; nothing that was acknowledged is lost.',
    steps: [
      '`df` and `dmesg` on the head node show whether the disk is full or faulty. The log has the error of SQLite.',
      'Free space, or move the file of `--database` to another disk while the service is stopped.',
    ],
  },
  {
    name: 'HpcObserveCommitsSlow',
    severity: 'warning',
    expr: 'histogram_quantile(0.99, sum by (le) (rate(hpc_observe_commit_seconds_bucket[10m]))) > 0.5',
    for: '10m',
    summary: 'The disk of hpc-observe is slow',
    description:
      'One transaction in a hundred takes {{ $value | humanizeDuration }} or longer to be on disk.',
    meaning: 'Every write waits for the disk to sync. Agents and hooks wait as long.',
    steps: [
      '`iostat -x 5` shows how busy the disk is. The database belongs on a local SSD, never on a network file system.',
    ],
  },
  {
    name: 'HpcObserveRefusesSamples',
    severity: 'warning',
    expr: 'increase(hpc_observe_unsealed_refusals_total[10m]) > 0',
    summary: 'hpc-observe refuses samples because too many wait to be packed',
    description: '{{ $value | humanize }} writes were answered with 503 within 10 minutes.',
    meaning:
      'Samples arrive faster than they are packed ([storage.md](storage.md)). Agents keep theirs and send them later.',
    steps: [
      'Look at `hpc_observe_unsealed_samples`. A peak after an outage passes by itself.',
      'If it lasts, raise `--max-unsealed-samples` or the interval of the agents, or move the database to a faster disk.',
    ],
  },
  {
    name: 'HpcObserveRequestsFail',
    severity: 'warning',
    expr: 'sum(rate(hpc_observe_http_request_seconds_count{status=~"5.."}[10m])) / sum(rate(hpc_observe_http_request_seconds_count[10m])) > 0.05',
    for: '10m',
    summary: 'hpc-observe answers requests with errors',
    description:
      '{{ $value | humanizePercentage }} of all requests of the last 10 minutes were answered with a status of 500 or more.',
    meaning:
      'A status of 503 means overload or a disk that fails; 500 is a fault of the service, and the log has its cause.',
    steps: [
      'The dashboard of the service shows which routes fail. `journalctl -u hpc-observe -p warning` has the causes.',
    ],
  },
  {
    name: 'HpcObserveLoopFails',
    severity: 'warning',
    expr: 'increase(hpc_observe_loop_failures_total[15m]) > 2',
    for: '15m',
    summary: 'A part of hpc-observe fails again and again: {{ $labels.loop }}',
    description:
      'The background loop {{ $labels.loop }} failed {{ $value | humanize }} times within 15 minutes. The other parts go on.',
    meaning:
      'What this loop does is not done: for example, no old samples are deleted, or no jobs are read from Slurm.',
    steps: ['The log has the cause of each failure. `--log-level debug` shows what the loop did before.'],
  },
  {
    name: 'HpcObserveMetricsIncomplete',
    severity: 'warning',
    expr: 'increase(hpc_observe_metrics_group_failures_total[10m]) > 0',
    summary: 'Metrics of hpc-observe are missing: {{ $labels.group }}',
    description:
      '{{ $value | humanize }} scrapes of the last 10 minutes were without the group {{ $labels.group }}.',
    meaning: 'The families of this group have no values, so other alerts on them are silent.',
    steps: ['The log has the cause under `metrics_group_failed`.'],
  },
  {
    name: 'HpcObserveSeriesDropped',
    severity: 'info',
    expr: 'hpc_observe_metrics_series_dropped + hpc_observe_metrics_node_series_dropped > 0',
    for: '15m',
    summary: 'Not all jobs and nodes are in Prometheus',
    description: '{{ $value | humanize }} series are left out of /metrics.',
    meaning:
      'There are more series than `--metrics-max-series` allows. The smallest jobs are left out; the pages show all.',
    steps: ['Raise `--metrics-max-series` if Prometheus has the memory, which is about 4 KB a series.'],
  },
  {
    name: 'HpcObserveSetsAside',
    severity: 'warning',
    expr: 'increase(hpc_observe_set_aside_total[1h]) > 0',
    summary: 'hpc-observe could not process stored data',
    description: '{{ $value | humanize }} series, chunks or jobs were set aside within an hour.',
    meaning: 'Stored data is damaged. It stays where it is, and everything else goes on.',
    steps: [
      'The log says which, and why. Check the disk, and the database with `sqlite3 FILE "pragma integrity_check"`.',
    ],
  },
  {
    name: 'HpcObservePushFails',
    severity: 'warning',
    expr: 'hpc_observe_push_age_seconds > 300',
    for: '5m',
    summary: 'hpc-observe does not get rid of what it pushes',
    description: 'The oldest snapshot has waited for {{ $value | humanizeDuration }} to be sent.',
    meaning:
      'The receiver of `--push` is away, too slow, or refuses the service. Four hours wait whole; of earlier times the last value of each series.',
    steps: [
      'The log has the reason under `push_failed`.',
      'After a restart of the service nothing waits any more, so mend the receiver first.',
    ],
  },
  {
    name: 'HpcObserveCertificateExpires',
    severity: 'warning',
    expr: 'hpc_observe_tls_certificate_expiry_timestamp_seconds - time() < 14 * 86400',
    summary: 'The TLS certificate of hpc-observe expires soon',
    description: 'It is valid for another {{ $value | humanizeDuration }}.',
    meaning: 'After that, agents and browsers refuse to talk to the service.',
    steps: [
      'Write the new certificate to the files of `--tls-cert` and `--tls-key`. They are read again when they change.',
    ],
  },
];
