import type { JobAnswer } from '../../api/job.ts';
import { formatBytes, formatMb, formatPercent, shorten } from '../../domain/figures.ts';
import { type Curve, isMeasured, type Row } from './series.ts';

// Which plots a job has. Pure.

/** The readings of a node, of a GPU, or of the whole job. */
export interface Line {
  readonly label: string;
  readonly rows: readonly Row[];
}

/** One plot. */
export interface Chart {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly format: (value: number) => string;
  readonly max?: number;
  readonly isBinary?: true;
  readonly limit?: { readonly value: number; readonly label: string } | undefined;
  /** Whether its lines are not those of the legend above all plots. */
  readonly hasOwnLegend?: true;
  /** Whether its lines are parts that add up, the largest last. */
  readonly hasAreas?: true;
}

/** Fields that the plots of nodes ask for. */
export const NODE_FIELDS = [
  'cpu_usage',
  'memory_usage_mb',
  'gpu_usage',
  'memory_current_bytes',
  'memory_anonymous_bytes',
  'memory_shared_bytes',
  'memory_limit_bytes',
  'io_read_bytes',
  'io_written_bytes',
  'node_energy_joules',
  'cpu_energy_joules',
];
/** Fields that the plots of GPUs ask for. */
export const GPU_FIELDS = ['gpu_utilization_percent', 'gpu_memory_used_bytes', 'gpu_power_watts'];

interface ChartOptions {
  readonly job: JobAnswer;
  /** A line a node, or one for the whole job. */
  readonly nodes: readonly Line[];
  /** A line a GPU; empty if nobody could tell them apart. */
  readonly gpus: readonly Line[];
}

const formatWatts = (watts: number): string => `${shorten(watts)} W`;
const formatRate = (bytes: number): string => `${formatBytes(Math.round(bytes))}/s`;

/** Returns the plots for which something was measured. */
export function chartsOf({ job, nodes, gpus }: ChartOptions): Chart[] {
  const each = (lines: readonly Line[], ...fields: string[]): Curve[] =>
    lines.map(({ label, rows }) => ({ label, rows, fields }));
  const charts: Chart[] = [
    { title: 'CPU, of the allocation', curves: each(nodes, 'cpu_usage'), format: formatPercent, max: 100 },
    memoryChart(job, nodes),
    gpus.length > 0
      ? {
          title: 'Use of each GPU',
          curves: each(gpus, 'gpu_utilization_percent'),
          format: formatPercent,
          max: 100,
          hasOwnLegend: true,
        }
      : { title: 'GPU', curves: each(nodes, 'gpu_usage'), format: formatPercent, max: 100 },
    {
      title: 'Memory of each GPU',
      curves: each(gpus, 'gpu_memory_used_bytes'),
      format: formatBytes,
      isBinary: true,
      hasOwnLegend: true,
    },
    {
      title: 'Power of each GPU',
      curves: each(gpus, 'gpu_power_watts'),
      format: formatWatts,
      hasOwnLegend: true,
    },
    ioChart(nodes),
    {
      title: 'Power, its share of the nodes',
      curves: powerOf(nodes, 'node_energy_joules'),
      format: formatWatts,
    },
    {
      title: 'Power, its share of the CPUs',
      curves: powerOf(nodes, 'cpu_energy_joules'),
      format: formatWatts,
    },
  ];
  return charts
    .map((chart) => ({ ...chart, curves: chart.curves.filter(isMeasured) }))
    .filter(({ curves }) => curves.length > 0);
}

/** Energy that grows by a joule a second is a power of a watt. */
const powerOf = (nodes: readonly Line[], field: string): Curve[] =>
  nodes.map(({ label, rows }) => ({ label, rows, fields: [field], isRate: true }));

/** On one node also what the kernel compares with the limit, which counts cached files too. */
function memoryChart(job: JobAnswer, nodes: readonly Line[]): Chart {
  const [only] = nodes;
  const isOne = nodes.length === 1 && only !== undefined;
  const isMean = isOne && job.nodes.length > 1 && only.label === '';
  if (isOne && isMeasured({ label: '', rows: only.rows, fields: ['memory_anonymous_bytes'] })) {
    const limit = only.rows.findLast((row) => typeof row.memory_limit_bytes === 'number')?.memory_limit_bytes;
    return {
      title: 'Memory',
      curves: [
        { label: 'used', rows: only.rows, fields: ['memory_anonymous_bytes', 'memory_shared_bytes'] },
        { label: 'with cached files', rows: only.rows, fields: ['memory_current_bytes'] },
      ],
      format: formatBytes,
      isBinary: true,
      limit: typeof limit === 'number' ? limitOf(limit) : undefined,
      hasOwnLegend: true,
      hasAreas: true,
    };
  }
  return {
    title: isMean ? 'Memory of a node, mean' : 'Memory',
    curves: nodes.map(({ label, rows }) => ({ label, rows, fields: ['memory_usage_mb'] })),
    format: formatMb,
    isBinary: true,
    limit:
      job.memory_limit_mb && (isMean || job.nodes.length === 1)
        ? limitOf((job.memory_limit_mb * MB) / Math.max(1, job.nodes.length), 1 / MB)
        : undefined,
  };
}

const MB = 1024 * 1024;

/** `scale` turns bytes into the unit of the plot. */
const limitOf = (bytes: number, scale = 1) => ({
  value: bytes * scale,
  label: `limit ${formatBytes(Math.round(bytes))}`,
});

function ioChart(nodes: readonly Line[]): Chart {
  const [only] = nodes;
  const rate = (label: string, rows: readonly Row[], fields: readonly string[]): Curve => ({
    label,
    rows,
    fields,
    isRate: true,
  });
  if (nodes.length === 1 && only)
    return {
      title: 'Disks',
      curves: [rate('read', only.rows, ['io_read_bytes']), rate('written', only.rows, ['io_written_bytes'])],
      format: formatRate,
      isBinary: true,
      hasOwnLegend: true,
    };
  const curves = nodes.map(({ label, rows }) => rate(label, rows, ['io_read_bytes', 'io_written_bytes']));
  return { title: 'Disks, read and written', curves, format: formatRate, isBinary: true };
}

const MAX_GPU_LINES = 16;

/** Splits rows by GPU; none if there are too many lines. UUIDs are shortened unless two are alike. */
export function linesOfGpus({ nodes }: JobAnswer, rows: readonly Row[]): Line[] {
  const byGpu = [...Map.groupBy(rows, ({ node = nodes[0], gpu }) => `${node} ${gpu}`).values()];
  if (byGpu.length > MAX_GPU_LINES) return [];
  const labelOf = (row: Row, uuid: string) => (nodes.length === 1 ? uuid : `${row.node ?? nodes[0]} ${uuid}`);
  const short = byGpu.map(([row]) => labelOf(row!, shortenUuid(String(row!.gpu))));
  const areApart = new Set(short).size === short.length;
  return byGpu.map((of, index) => ({
    label: areApart ? short[index]! : labelOf(of[0]!, String(of[0]!.gpu)),
    rows: of,
  }));
}

/** `GPU-3d1a22f0-…` is `3d1a22f0`; MIG slices keep their kind. */
const shortenUuid = (uuid: string): string =>
  uuid.replace(/^GPU-/, '').replace(/^((?:MIG-)?[^-]+)-.*$/, '$1');
