import { JOB_STATES, runtimeSeconds } from '../domain/job.ts';
import type { JobTotals, LiveSeries, Store } from '../domain/store.ts';
import { escapeLabel, openFamily } from './exposition.ts';

const BYTES_PER_MB = 1024 * 1024;

/**
 * The six families of the API reference, as UTF-8. The per-job series are written straight from the store's rows: they
 * come and go with the jobs, which a registry would have to be told. Between two pages of rows other requests go on.
 */
export async function renderJobs(store: Store, nowMs: number, endedSeriesMs: number): Promise<Uint8Array> {
  const families = FAMILIES.map(({ name, help }) => [encoder.encode(openFamily(name, 'gauge', help))]);
  for await (const page of store.liveSeries(nowMs - endedSeriesMs)) {
    // Encoded page by page: 80,000 lines at once would keep requests waiting.
    renderPage(page, nowMs).forEach((text, family) => {
      families[family]!.push(encoder.encode(text));
    });
  }
  return Buffer.concat([...families.flat(), encoder.encode(renderTotals(await store.countJobs()))]);
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
    const { jobId, node, user, startTimeMs, endTimeMs, cpuUsage, memoryUsageMb, gpuUsage } = series;
    const labels = `{job_id="${escapeLabel(jobId)}",node="${escapeLabel(node)}",user="${escapeLabel(user)}"} `;
    runtime += `hpc_job_runtime_seconds${labels}${runtimeSeconds(startTimeMs, endTimeMs, nowMs)}\n`;
    if (cpuUsage !== null) cpu += `hpc_job_cpu_usage_percent${labels}${cpuUsage}\n`;
    if (memoryUsageMb !== null)
      memory += `hpc_job_memory_usage_bytes${labels}${memoryUsageMb * BYTES_PER_MB}\n`;
    if (gpuUsage !== null) gpu += `hpc_job_gpu_usage_percent${labels}${gpuUsage}\n`;
  }
  return [runtime, cpu, memory, gpu];
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
