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
 * The six families of the API reference, and how many series were left out, as pieces of UTF-8. The per-job series are written
 * straight from the store's rows: they come and go with the jobs, which a registry would have to be told. Between two pages
 * of rows other requests go on.
 */
export async function renderJobs(
  store: Pick<LiveStore, 'liveSeries' | 'countJobs'>,
  { nowMs, endedSeriesMs, maxSeries }: JobsOptions,
): Promise<Uint8Array[]> {
  const live = () => store.liveSeries(nowMs - endedSeriesMs);
  const sizes = new Map<string, JobSize>();
  let text = jobFamilies(nowMs);
  let series = 0;
  for await (const page of live()) {
    series += addSizes(sizes, page);
    if (series <= maxSeries) text.append(page);
  }
  let dropped = 0;
  if (series > maxSeries) {
    // Read again, because the rows of all jobs would be more than should be in memory at once.
    const kept = keepLargest(sizes, maxSeries);
    dropped = series - kept.series;
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

/** Adds the series that rows make to those of their jobs, and returns how many they are: one for the runtime, and one for every value that is known. */
function addSizes(sizes: Map<string, JobSize>, rows: readonly LiveSeries[]): number {
  let all = 0;
  for (const { jobId, cpuUsage, memoryUsageMb, gpuUsage } of rows) {
    const series = 1 + Number(cpuUsage !== null) + Number(memoryUsageMb !== null) + Number(gpuUsage !== null);
    const size = sizes.get(jobId);
    if (size) {
      size.rows++;
      size.series += series;
    } else sizes.set(jobId, { rows: 1, series });
    all += series;
  }
  return all;
}

/**
 * Chooses the jobs with the most nodes that make no more than so many series; a job is there with all its rows or not at all.
 * Of jobs of one size the first ones stay, so that the choice holds from scrape to scrape.
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
  return { jobs, series };
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
