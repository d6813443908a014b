import { JOB_STATES, runtimeSeconds } from '../domain/job.ts';
import type { JobTotals, LiveSeries, LiveStore } from '../domain/store/live.ts';
import { escapeLabel, openFamily } from './exposition.ts';

const BYTES_PER_MB = 1024 * 1024;

interface JobsOptions {
  readonly nowMs: number;
  /** How long a job is shown after its end. */
  readonly endedSeriesMs: number;
  /** Most per-job series; beyond it the jobs with the fewest nodes are left out. */
  readonly maxSeries: number;
}

/**
 * The six families of the API reference, and how many series were left out, as pieces of UTF-8. The per-job
 * series are written straight from the store's rows: they come and go with the jobs, which a registry would
 * have to be told. Between two pages of rows other requests go on.
 */
export async function renderJobs(
  store: Pick<LiveStore, 'liveSeries' | 'countJobs'>,
  { nowMs, endedSeriesMs, maxSeries }: JobsOptions,
): Promise<Uint8Array[]> {
  const live = () => store.liveSeries(nowMs - endedSeriesMs);
  let text = jobFamilies(nowMs);
  let series = 0;
  let dropped = 0;
  for await (const page of live()) {
    for (const row of page) series += seriesOf(row);
    if (series > maxSeries) break;
    text.append(page);
  }
  if (series > maxSeries) {
    // Read twice more: the sizes of all jobs are a third of the work of a scrape that needs none, and the
    // rows of all jobs are too many to be in memory at once.
    const sizes = new Map<string, JobSize>();
    for await (const page of live()) addSizes(sizes, page);
    const kept = keepLargest(sizes, maxSeries);
    dropped = kept.dropped;
    text = jobFamilies(nowMs);
    for await (const page of live()) text.append(page.filter(({ jobId }) => kept.jobs.has(jobId)));
  }
  const totals = renderTotals(await store.countJobs()) + renderDropped(dropped);
  return [...text.chunks(), encoder.encode(totals)];
}

/** The per-job families as they grow, page by page. */
function jobFamilies(nowMs: number) {
  const families = FAMILIES.map(({ name, help }) => [encoder.encode(openFamily(name, 'gauge', help))]);
  return {
    append(page: readonly LiveSeries[]): void {
      // Encoded page by page: 80,000 lines at once would keep requests waiting.
      renderPage(page, nowMs).forEach((text, family) => {
        families[family]!.push(encoder.encode(text));
      });
    },
    chunks: () => families.flat(),
  };
}

const encoder = new TextEncoder();

/** The per-job families in the order that `renderPage` gives them; each has to stand in one piece. */
const FAMILIES = [
  { name: 'hpc_job_runtime_seconds', help: 'Job runtime in seconds' },
  { name: 'hpc_job_cpu_usage_percent', help: 'Current CPU usage of the job' },
  { name: 'hpc_job_memory_usage_bytes', help: 'Current memory usage of the job in bytes' },
  { name: 'hpc_job_gpu_usage_percent', help: 'Current GPU usage of the job' },
] as const;

function renderPage(page: readonly LiveSeries[], nowMs: number): string[] {
  let runtime = '';
  let cpu = '';
  let memory = '';
  let gpu = '';
  for (const series of page) {
    const { jobId, node, user, startTimeMs, endTimeMs, suspendedSeconds, cpuUsage, memoryUsageMb, gpuUsage } =
      series;
    const labels = `{job_id="${escapeLabel(jobId)}",node="${escapeLabel(node)}",user="${escapeLabel(user)}"} `;
    runtime += `hpc_job_runtime_seconds${labels}${runtimeSeconds(startTimeMs, endTimeMs, nowMs, suspendedSeconds)}\n`;
    if (cpuUsage !== null) cpu += `hpc_job_cpu_usage_percent${labels}${cpuUsage}\n`;
    if (memoryUsageMb !== null)
      memory += `hpc_job_memory_usage_bytes${labels}${memoryUsageMb * BYTES_PER_MB}\n`;
    if (gpuUsage !== null) gpu += `hpc_job_gpu_usage_percent${labels}${gpuUsage}\n`;
  }
  return [runtime, cpu, memory, gpu];
}

interface JobSize {
  rows: number;
  series: number;
}

/** Returns the number of series of a row: the runtime, and every value that is known. */
const seriesOf = ({ cpuUsage, memoryUsageMb, gpuUsage }: LiveSeries): number =>
  1 + Number(cpuUsage !== null) + Number(memoryUsageMb !== null) + Number(gpuUsage !== null);

/** Adds rows to the sizes of their jobs. */
function addSizes(sizes: Map<string, JobSize>, rows: readonly LiveSeries[]): void {
  for (const row of rows) {
    const size = sizes.get(row.jobId) ?? { rows: 0, series: 0 };
    size.rows++;
    size.series += seriesOf(row);
    sizes.set(row.jobId, size);
  }
}

/**
 * Chooses the jobs with the most nodes that have at most `maxSeries` series together, and counts the series
 * left out. A job has all its rows or none. Among jobs of one size the first ones are kept, so that every
 * scrape chooses the same.
 */
function keepLargest(sizes: ReadonlyMap<string, JobSize>, maxSeries: number) {
  const jobs = new Set<string>();
  let series = 0;
  for (const [jobId, size] of [...sizes].sort(([, one], [, other]) => other.rows - one.rows)) {
    if (series + size.series > maxSeries) {
      // One job that is too large by itself must not hide all the others.
      if (jobs.size === 0) continue;
      break;
    }
    series += size.series;
    jobs.add(jobId);
  }
  const all = sizes.values().reduce((sum, size) => sum + size.series, 0);
  return { jobs, dropped: all - series };
}

function renderDropped(series: number): string {
  const name = 'hpc_observe_metrics_series_dropped';
  const help =
    'Series of the smallest jobs that are left out because there are more than --metrics-max-series';
  return `${openFamily(name, 'gauge', help)}${name} ${series}\n`;
}

function renderTotals({ states, created }: JobTotals): string {
  const counts = JOB_STATES.map((state) => `hpc_job_state_total{state="${state}"} ${states[state]}\n`).join(
    '',
  );
  return (
    openFamily('hpc_job_state_total', 'gauge', 'Number of jobs in each state') +
    counts +
    openFamily('hpc_job_total', 'counter', 'Total jobs created') +
    `hpc_job_total ${created}\n`
  );
}
