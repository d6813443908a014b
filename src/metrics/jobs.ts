import { JOB_STATES, runtimeSeconds } from '../domain/job.ts';
import type { JobTotals, LiveSeries, Store } from '../domain/store.ts';
import { escapeLabel, openFamily } from './exposition.ts';

const BYTES_PER_MB = 1024 * 1024;

/**
 * The six families of the API reference as text. The per-job series are written straight from the store's rows: they
 * come and go with the jobs, which a registry would have to be told.
 */
export async function renderJobs(store: Store, nowMs: number, endedSeriesMs: number): Promise<string> {
  const families = jobFamilies(nowMs);
  for await (const page of store.liveSeries(nowMs - endedSeriesMs)) page.forEach(families.add);
  return families.text() + renderTotals(await store.countJobs());
}

/** Collects the four per-job families side by side, because each has to stand in one piece. */
function jobFamilies(nowMs: number) {
  let runtime = openFamily('hpc_job_runtime_seconds', 'gauge', 'Job runtime in seconds');
  let cpu = openFamily('hpc_job_cpu_usage_percent', 'gauge', 'Current CPU usage of the job');
  let memory = openFamily('hpc_job_memory_usage_bytes', 'gauge', 'Current memory usage of the job in bytes');
  let gpu = openFamily('hpc_job_gpu_usage_percent', 'gauge', 'Current GPU usage of the job');
  return {
    add(series: LiveSeries): void {
      const labels = `{job_id="${escapeLabel(series.jobId)}",node="${escapeLabel(series.node)}",user="${escapeLabel(series.user)}"} `;
      runtime += `hpc_job_runtime_seconds${labels}${runtimeSeconds(series.startTimeMs, series.endTimeMs, nowMs)}\n`;
      if (series.cpuUsage !== null) cpu += `hpc_job_cpu_usage_percent${labels}${series.cpuUsage}\n`;
      if (series.memoryUsageMb !== null) {
        memory += `hpc_job_memory_usage_bytes${labels}${series.memoryUsageMb * BYTES_PER_MB}\n`;
      }
      if (series.gpuUsage !== null) gpu += `hpc_job_gpu_usage_percent${labels}${series.gpuUsage}\n`;
    },
    text: () => runtime + cpu + memory + gpu,
  };
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
