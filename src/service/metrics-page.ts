import { createLog } from '../log.ts';
import { JOB_FAMILIES } from '../metrics/jobs.ts';
import { NODE_FAMILIES } from '../metrics/nodes.ts';
import { createMetrics } from './metrics.ts';

interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Sections of the page by the prefix of the families' names; the first that matches counts. */
const SECTIONS: readonly (readonly [prefix: string, title: string])[] = [
  ['hpc_job_', 'Jobs'],
  ['hpc_node_', 'Nodes'],
  ['hpc_agent_', 'Nodes'],
  ['hpc_observe_slurm_', 'Slurm'],
  ['hpc_observe_jobs', 'Throughput of the cluster'],
  ['hpc_observe_queue_wait', 'Throughput of the cluster'],
  ['hpc_observe_findings', 'Findings'],
  ['hpc_observe_running_findings', 'Findings'],
  ['hpc_observe_push_', 'Push'],
  ['process_', 'Process'],
  ['', 'Service'],
];

/** What the HELP texts of a section are too short for. */
const NOTES: Readonly<Record<string, string>> = {
  Jobs: `A pending job has no series. After the end of a job, its runtime no longer changes. A megabyte of \`memory_usage_mb\` is
1024 × 1024 bytes. The families from \`hpc_job_cpu_seconds_total\` to \`hpc_job_time_limit_seconds\` have the newest
[measures](measures.md) that an agent sent of the job on the node; a family without a series is left out.
\`hpc_job_gpus_allocated\` is what \`Prolog\` said of the node, or all GPUs of a job with one node. \`promtool check metrics\` objects to \`hpc_job_state_total\`, a gauge with the suffix of a counter, whose
name the API reference fixes. \`hpc_job_info\` has one series for each job whose account or partition is known; another family
gets their labels by \`sum by (job_id) (hpc_job_cpus_allocated) * on (job_id) group_left (account, partition) hpc_job_info\`.`,
  Nodes: `What the agent of each node reported last ([agent.md](agent.md)). A node that has been silent for five minutes, and
for four intervals of its agent, has only \`hpc_agent_last_report_timestamp_seconds\`, and that for 30 days. The clock
difference includes the time that the report was on its way; after an outage the first reports are as late as the outage was
long. GPUs without a known model have \`model=""\`. At most \`--metrics-max-series\` series of nodes are shown.`,
  'Throughput of the cluster': `A job without a partition, such as one created over the API, has \`partition=""\`; a pending
job that names several has all of them in one label. A run counts as finished once, when its end is first reported, and its
wait counts once, when submission and start are known. A requeued job has several runs, and a job that is reopened over the
API counts at its next end, too. A better verdict that arrives later changes no counter. Counters never go down, and are
stored in the database. Reports that arrive more than a day after the event, as in an import, are not counted, so that they
do not appear in today's rates.`,
  Findings: `What [rules](findings.md) found of runs when they ended, of those that are still stored: a gauge, which goes down
when jobs are deleted or corrected; and what they find of running jobs, each judged once a minute. There are at most as many
series as kinds and severities.`,
  Push: `\`serve --push URL\` sends what \`/metrics\` shows, where no scrape reaches the service, every \`--push-interval\` (15 s):

- as Prometheus' text with timestamps, which VictoriaMetrics, vmagent and others take at \`/api/v1/import/prometheus\`. The labels
  \`job="hpc-observe"\` and \`instance\`, this host, are in the query as \`extra_label\`, unless the URL has one;
- as OTLP/HTTP in JSON, if the URL ends with \`/v1/metrics\` or by \`--push-format otlp\`: a Prometheus with
  \`--web.enable-otlp-receiver\` takes it at \`/api/v1/otlp/v1/metrics\`, an OpenTelemetry collector at \`/v1/metrics\`.

A snapshot has every job that ended since the one before, whatever \`--ended-series\` says. While the receiver is away,
snapshots wait in memory: 960 (four hours at 15 s) or 32 MiB packed. Beyond that, the two oldest become one that has the
newest sample of each series, so that the last values of jobs that ended stay. What is merged or dropped is counted. The
service tries again after 1 s, then more seldom, down to once a minute, and as \`Retry-After\` asks; a request has 30 s.
Answers 400, 413, 415 and 422 refuse a request for ever; all others are tried again. A stop sends what is left, for at
most 2 s. A kill, and a stop while the receiver is away, lose what waits; the database has the samples nevertheless.

Credentials are a bearer token (\`--push-token-file\` or \`HPC_OBSERVE_PUSH_TOKEN\`), or \`--push-user\` and
\`--push-password-file\` (\`HPC_OBSERVE_PUSH_PASSWORD\`). \`--push-ca\` names the authority of a certificate that only
the site knows. Without \`--push\` these families have no series.`,
  Service: `\`hpc_observe_commits_total\` and \`hpc_observe_commit_seconds_count\` count the same transactions. A group of
families that fails is logged at most once a minute.`,
};

/** Units by the last part of a family's name, without `_total`. */
const UNITS: readonly (readonly [suffix: string, unit: string])[] = [
  ['_timestamp_seconds', 'seconds since 1970'],
  ['_start_time_seconds', 'seconds since 1970'],
  ['_seconds', 'seconds'],
  ['_bytes', 'bytes'],
  ['_percent', 'percent, 0 to 100'],
  ['_watts', 'watts'],
  ['_celsius', '°C'],
];

/** Renders docs/metrics.md from the HELP texts of all families. */
export function renderMetricsPage(): string {
  const families = [...JOB_FAMILIES, ...NODE_FAMILIES, ...registeredFamilies()];
  const titles = [...new Set(SECTIONS.map(([, title]) => title))];
  const sections = titles.map((title) => {
    const rows = families.filter(({ name }) => titleOf(name) === title).map(renderFamily);
    const note = NOTES[title] === undefined ? '' : `${NOTES[title]}\n\n`;
    return `\n## ${title}\n\n${note}| family | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n${rows.join('')}`;
  });
  return `# Metrics

<!-- Generated by \`bun run docs\`. Do not edit. -->

\`GET /metrics\` is in Prometheus' text format 0.0.4. A value that was not measured has no series; it is never 0. The families
are rendered in groups (jobs, nodes, throughput, findings, slurm, process, service): a group that fails is left out and counted in
\`hpc_observe_metrics_group_failures_total\`, and the others are served.

The series of a job appear when it starts and vanish \`--ended-series\` (60 s) after its end. There is one series for each job
and node that reported; samples without a node belong to the job's first node, so that sums are right.
${sections.join('')}`;
}

function registeredFamilies(): Family[] {
  const metrics = createMetrics({
    config: { endedSeriesMs: 0, metricsMaxSeries: 0 },
    now: () => 0,
    log: createLog({ level: 'error', format: 'text', write: () => {}, now: () => 0 }),
  });
  return metrics.registries.flatMap((registry) =>
    // The names of the labels are a property that prom-client's types leave out.
    (registry.getMetricsAsArray() as unknown as (Family & { labelNames?: string[] })[]).map(
      ({ name, type, help, labelNames = [] }) => ({ name, type, help, labels: labelNames }),
    ),
  );
}

const titleOf = (name: string): string => SECTIONS.find(([prefix]) => name.startsWith(prefix))![1];

function unitOf(name: string): string {
  const base = name.replace(/_total$/, '');
  return UNITS.find(([suffix]) => base.endsWith(suffix))?.[1] ?? '';
}

function renderFamily({ name, type, help, labels }: Family): string {
  const cells = [`\`${name}\``, type, unitOf(name), labels.map((label) => `\`${label}\``).join(', '), help];
  return `| ${cells.join(' | ')} |\n`;
}
