import { clockDifferenceMs, isSilent, type NodeReport, type ReceivedReport } from '../domain/node-report.ts';
import type { LiveStore } from '../domain/store/live.ts';
import { escapeLabel, type Family, growFamilies, renderSingle } from './exposition.ts';

interface NodesOptions {
  readonly nowMs: number;
  /** Maximum number of series; the nodes beyond it, in the order of their names, are left out. */
  readonly maxSeries: number;
  /** The node shows itself: its clock is compared with no other, and nothing is left out. */
  readonly isLocal?: true;
}

/**
 * Renders what the agents say of their nodes, as pieces of UTF-8. Of a node that is silent only the time of
 * its last report is shown, so that no old value passes for the present.
 */
export async function renderNodes(
  store: Pick<LiveStore, 'nodeReports'>,
  { nowMs, maxSeries, isLocal }: NodesOptions,
): Promise<Uint8Array[]> {
  const families = growFamilies(NODE_SERIES);
  let [series, dropped] = [0, 0];
  for await (const page of store.nodeReports()) {
    const lines = NODE_SERIES.map(() => '');
    for (const received of page) {
      const values = seriesOf(received, nowMs, isLocal === true);
      if (series + values.length > maxSeries) {
        // Those that follow are left out too, so that every scrape shows the same nodes.
        series = maxSeries;
        dropped += values.length;
        continue;
      }
      series += values.length;
      for (const { family, labels, value } of values)
        lines[family]! += `${NODE_SERIES[family]!.name}{${labels}} ${value}\n`;
    }
    families.append(lines);
  }
  return isLocal ? families.known() : [...families.pieces(), renderSingle(DROPPED, dropped)];
}

/** One value of a node. */
interface NodeSeries {
  /** Index into `NODE_SERIES`. */
  readonly family: number;
  readonly labels: string;
  readonly value: number;
}

type Read = (report: NodeReport) => number | undefined;
type Gpu = NodeReport['gpus'][number];
type Row = readonly [name: string, help: string];

const LAST_REPORT: Row = [
  'hpc_agent_last_report_timestamp_seconds',
  'When the last report of the agent of the node arrived, in seconds since 1970; shown for 30 days',
];

/** Values of the node as a whole. */
const OF_NODE: readonly (readonly [...Row, Read])[] = [
  ['hpc_node_cpus', 'CPUs of the node', ({ values }) => values.cpus],
  [
    'hpc_node_cpu_seconds_total',
    'CPU time since the node started, of jobs and all else, without idling and waiting for disks',
    ({ values }) => values.cpuSeconds,
  ],
  ['hpc_node_memory_bytes', 'Memory of the node', ({ values }) => values.memoryBytes],
  [
    'hpc_node_memory_available_bytes',
    'Memory that a new process could have, as the kernel estimates it',
    ({ values }) => values.memoryAvailableBytes,
  ],
  ['hpc_node_load1', 'Load average of the node over a minute', ({ values }) => values.load1],
  ['hpc_node_jobs', 'Jobs that the agent found on the node', ({ jobs }) => jobs],
  [
    'hpc_node_job_cpus_used',
    'CPUs that were busy for the jobs of the node',
    ({ values }) => values.jobCpusUsed,
  ],
  [
    'hpc_node_job_memory_bytes',
    'Anonymous and shared memory of the jobs of the node',
    ({ values }) => values.jobMemoryBytes,
  ],
  [
    'hpc_agent_interval_seconds',
    'How often the agent of the node reads',
    ({ intervalMs }) => intervalMs / 1000,
  ],
];

const CLOCK: Row = [
  'hpc_agent_clock_difference_seconds',
  'How far the clock of the service is ahead of that of the node, the way of the report included',
];
const INFO: Row = ['hpc_agent_info', 'Always 1; the label is the version of the agent of the node'];
const SUCCESS: Row = [
  'hpc_agent_collector_success',
  '1 if the part of the agent read everything in its last round, else 0; agent --once says what is amiss',
];

/** Values of each GPU of the node. */
const OF_GPU: readonly (readonly [...Row, (gpu: Gpu) => number | undefined])[] = [
  [
    'hpc_node_gpu_utilization_percent',
    'Share of the time in which some kernel ran on the GPU',
    ({ utilizationPercent }) => utilizationPercent,
  ],
  ['hpc_node_gpu_memory_used_bytes', 'Memory in use on the GPU', ({ memoryUsedBytes }) => memoryUsedBytes],
  ['hpc_node_gpu_memory_bytes', 'Memory of the GPU', ({ memoryTotalBytes }) => memoryTotalBytes],
  ['hpc_node_gpu_power_watts', 'Power that the GPU draws', ({ powerWatts }) => powerWatts],
  [
    'hpc_node_gpu_temperature_celsius',
    'Temperature of the GPU',
    ({ temperatureCelsius }) => temperatureCelsius,
  ],
];

const family = ([name, help]: Row, labels: readonly string[]): Family => ({
  name,
  type: name.endsWith('_total') ? 'counter' : 'gauge',
  help,
  labels,
});

/** The families of series in the order of `seriesOf`. */
const NODE_SERIES: readonly Family[] = [
  family(LAST_REPORT, ['node']),
  family(INFO, ['node', 'version']),
  family(CLOCK, ['node']),
  ...OF_NODE.map(([name, help]) => family([name, help], ['node'])),
  ...OF_GPU.map(([name, help]) => family([name, help], ['node', 'gpu', 'model'])),
  family(SUCCESS, ['node', 'collector']),
];
const FIRST_OF_NODE = 3;
const FIRST_OF_GPU = FIRST_OF_NODE + OF_NODE.length;
const SUCCESS_FAMILY = FIRST_OF_GPU + OF_GPU.length;

const DROPPED: Family = {
  name: 'hpc_observe_metrics_node_series_dropped',
  type: 'gauge',
  help: 'Series of nodes that are left out because there are more than --metrics-max-series',
  labels: [],
};

/** All families of this group. */
export const NODE_FAMILIES = [...NODE_SERIES, DROPPED];

function seriesOf(received: ReceivedReport, nowMs: number, isLocal: boolean): NodeSeries[] {
  const { report, receivedMs } = received;
  const node = `node="${escapeLabel(report.node)}"`;
  const series: NodeSeries[] = [{ family: 0, labels: node, value: receivedMs / 1000 }];
  if (isSilent(received, nowMs)) return series;
  series.push({ family: 1, labels: `${node},version="${escapeLabel(report.version)}"`, value: 1 });
  if (!isLocal) series.push({ family: 2, labels: node, value: clockDifferenceMs(received) / 1000 });
  for (const [index, [, , read]] of OF_NODE.entries()) {
    const value = read(report);
    if (value !== undefined) series.push({ family: FIRST_OF_NODE + index, labels: node, value });
  }
  for (const gpu of report.gpus) addGpu(series, node, gpu);
  for (const { name, message } of report.collectors) {
    const labels = `${node},collector="${escapeLabel(name)}"`;
    series.push({ family: SUCCESS_FAMILY, labels, value: Number(message === undefined) });
  }
  return series;
}

function addGpu(series: NodeSeries[], node: string, gpu: Gpu): void {
  const labels = `${node},gpu="${escapeLabel(gpu.gpu)}",model="${escapeLabel(gpu.model ?? '')}"`;
  for (const [index, [, , read]] of OF_GPU.entries()) {
    const value = read(gpu);
    if (value !== undefined) series.push({ family: FIRST_OF_GPU + index, labels, value });
  }
}
