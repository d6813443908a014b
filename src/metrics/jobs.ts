import { JOB_STATES, runtimeSeconds } from '../domain/job.ts';
import type { JobTotals, LiveSeries, LiveStore } from '../domain/store/live.ts';
import { escapeLabel, growFamilies, openFamily, renderSingle } from './exposition.ts';
import { addMeasures, countMeasures, MEASURE_FAMILIES } from './job-measures.ts';

const BYTES_PER_MB = 1024 * 1024;

interface JobsOptions {
  readonly nowMs: number;
  /** How long a job is shown after its end. */
  readonly endedSeriesMs: number;
  /** Maximum number of per-job series; beyond it the jobs with the fewest nodes are left out. */
  readonly maxSeries: number;
}

/**
 * Renders the six families of the API and the count of dropped series, as pieces of UTF-8. The per-job series
 * are written straight from the store's rows, because a registry would have to follow jobs that come and go.
 * Between two pages of rows other requests are served.
 */
export async function renderJobs(
  store: Pick<LiveStore, 'liveSeries' | 'countJobs'>,
  { nowMs, endedSeriesMs, maxSeries }: JobsOptions,
): Promise<Uint8Array[]> {
  const live = () => store.liveSeries(nowMs - endedSeriesMs);
  let text = jobTexts(nowMs);
  const isFirst = firstRows();
  let series = 0;
  let dropped = 0;
  for await (const page of live()) {
    for (const row of page) series += seriesOf(row, isFirst(row));
    if (series > maxSeries) break;
    text.append(page);
  }
  if (series > maxSeries) {
    // Read twice more, because counting the sizes of all jobs is a third of the work of a scrape that drops
    // none, and the rows of all jobs are too many for the memory.
    const sizes = new Map<string, JobSize>();
    const isFirst = firstRows();
    for await (const page of live()) addSizes(sizes, page, isFirst);
    const kept = keepLargest(sizes, maxSeries);
    dropped = kept.dropped;
    text = jobTexts(nowMs);
    for await (const page of live()) text.append(page.filter(({ jobId }) => kept.jobs.has(jobId)));
  }
  return [
    ...text.pieces(),
    encoder.encode(renderTotals(await store.countJobs())),
    renderSingle(DROPPED, dropped),
  ];
}

/** The texts of the per-job families; those of further measures are left out until a job has any. */
function jobTexts(nowMs: number) {
  const usage = growFamilies(SERIES);
  const measures = growFamilies(MEASURE_FAMILIES);
  const info = growFamilies([INFO]);
  const isFirst = firstRows();
  return {
    append(page: readonly LiveSeries[]): void {
      const lines = MEASURE_FAMILIES.map(() => '');
      usage.append(renderPage(page, nowMs, lines));
      measures.append(lines);
      info.append([
        page
          .filter((row) => isFirst(row))
          .map(renderInfo)
          .join(''),
      ]);
    },
    pieces: () => [...usage.pieces(), ...measures.known(), ...info.known()],
  };
}

/** Returns a function that says of each row in turn whether it is the first one of its job. */
function firstRows(): (row: LiveSeries) => boolean {
  let lastId: string | undefined;
  return ({ jobId }) => {
    const isFirst = jobId !== lastId;
    lastId = jobId;
    return isFirst;
  };
}

const encoder = new TextEncoder();

const JOB_LABELS = ['job_id', 'node', 'user'] as const;

/** The per-job families in the order of `renderPage`; the format wants each family in one piece. */
const SERIES = [
  { name: 'hpc_job_runtime_seconds', help: 'Job runtime in seconds' },
  { name: 'hpc_job_cpu_usage_percent', help: 'Current CPU usage of the job' },
  { name: 'hpc_job_memory_usage_bytes', help: 'Current memory usage of the job in bytes' },
  { name: 'hpc_job_gpu_usage_percent', help: 'Current GPU usage of the job' },
].map((family) => ({ ...family, type: 'gauge' as const, labels: JOB_LABELS }));

const STATES = {
  name: 'hpc_job_state_total',
  type: 'gauge',
  help: 'Number of jobs in each state',
  labels: ['state'],
} as const;
const CREATED = { name: 'hpc_job_total', type: 'counter', help: 'Total jobs created', labels: [] } as const;
const DROPPED = {
  name: 'hpc_observe_metrics_series_dropped',
  type: 'gauge',
  help: 'Series of the smallest jobs that are left out because there are more than --metrics-max-series',
  labels: [],
} as const;

/** One series a job rather than a node, so that sums by account and partition need no label elsewhere. */
const INFO = {
  name: 'hpc_job_info',
  type: 'gauge',
  help: 'Always 1; the labels say what else is known of the job, to join with its other series by job_id',
  labels: ['job_id', 'user', 'account', 'partition'],
} as const;

/** All families of this group. */
export const JOB_FAMILIES = [...SERIES, ...MEASURE_FAMILIES, INFO, STATES, CREATED, DROPPED];

/** Returns the lines of SERIES, and adds those of MEASURE_FAMILIES to `measured`. */
function renderPage(page: readonly LiveSeries[], nowMs: number, measured: string[]): string[] {
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
    if (series.measures) addMeasures(measured, labels.slice(1, -2), series.measures);
  }
  return [runtime, cpu, memory, gpu];
}

const hasInfo = ({ account, partition }: LiveSeries): boolean => account !== null || partition !== null;

function renderInfo(row: LiveSeries): string {
  if (!hasInfo(row)) return '';
  const { jobId, user, account, partition } = row;
  return `${INFO.name}{job_id="${escapeLabel(jobId)}",user="${escapeLabel(user)}",account="${escapeLabel(account ?? '')}",partition="${escapeLabel(partition ?? '')}"} 1\n`;
}

interface JobSize {
  rows: number;
  series: number;
}

/** Returns the number of series of a row: the runtime, every known value, and that of the job itself. */
const seriesOf = (row: LiveSeries, isFirst: boolean): number =>
  1 +
  Number(row.cpuUsage !== null) +
  Number(row.memoryUsageMb !== null) +
  Number(row.gpuUsage !== null) +
  (row.measures ? countMeasures(row.measures) : 0) +
  Number(isFirst && hasInfo(row));

/** Adds rows to the sizes of their jobs. */
function addSizes(
  sizes: Map<string, JobSize>,
  rows: readonly LiveSeries[],
  isFirst: (row: LiveSeries) => boolean,
): void {
  for (const row of rows) {
    const size = sizes.get(row.jobId) ?? { rows: 0, series: 0 };
    size.rows++;
    size.series += seriesOf(row, isFirst(row));
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
      // One job that is too large must not hide all others.
      if (jobs.size === 0) continue;
      break;
    }
    series += size.series;
    jobs.add(jobId);
  }
  const all = sizes.values().reduce((sum, size) => sum + size.series, 0);
  return { jobs, dropped: all - series };
}

function renderTotals({ states, created }: JobTotals): string {
  const counts = JOB_STATES.map((state) => `${STATES.name}{state="${state}"} ${states[state]}\n`);
  return (
    openFamily(STATES.name, STATES.type, STATES.help) +
    counts.join('') +
    openFamily(CREATED.name, CREATED.type, CREATED.help) +
    `${CREATED.name} ${created}\n`
  );
}
