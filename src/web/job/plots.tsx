import { useMemo } from 'preact/hooks';
import type { JobAnswer } from '../../api/job.ts';
import type { SampleAnswer } from '../../api/sample.ts';
import { formatMb, formatPercent } from '../../domain/figures.ts';
import { type Mark, Plot } from '../parts/plot.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson, jobPath } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { addressOf, go, place } from '../parts/router.ts';
import { alignLines, type Line, type PlotField } from './series.ts';

/** More lines than this are told apart by nobody; then the mean of the job is drawn. */
const MAX_LINES = 8;
const POINTS = 400;
const LIVE_MS = 15_000;

interface PlotsProps {
  readonly job: JobAnswer;
  /** The run that is shown; undefined for the latest. */
  readonly run: number | undefined;
  readonly marks: readonly Mark[];
}

interface SampleList {
  readonly samples: readonly SampleAnswer[];
}

/** The range that is shown, from the address; undefined for the whole run. */
function readRange(): { from?: string; to?: string } {
  const { query } = place.value;
  const [from, to] = [query.get('from'), query.get('to')];
  return from && to ? { from, to } : {};
}

function showRange(range: { fromMs: number; toMs: number } | undefined): void {
  const { path, query } = place.value;
  const iso = (timeMs: number) => new Date(timeMs).toISOString();
  go(
    addressOf(path, {
      run: query.get('run') ?? undefined,
      ...(range && { from: iso(range.fromMs), to: iso(range.toMs) }),
    }),
    { replace: query.has('from') },
  );
}

/** Draws the usage of a run over time: a line a node, or the mean of a job of many nodes. */
export function Plots({ job, run, marks }: PlotsProps) {
  const range = readRange();
  const isByNode = job.nodes.length <= MAX_LINES;
  const nodes = isByNode && job.nodes.length > 0 ? job.nodes : [undefined];
  const query = { max_points: POINTS, run, start_time: range.from, end_time: range.to };
  const isLive = job.state === 'running' && run === undefined && range.to === undefined;
  const { value, error, isLoading } = useResource(
    JSON.stringify([job.id, query, nodes]),
    async (signal): Promise<readonly Line[]> =>
      Promise.all(
        nodes.map(async (node) => {
          const { samples } = await getJson<SampleList>(
            jobPath(job.id, '/metrics'),
            { ...query, node },
            signal,
          );
          return { label: node ?? '', samples };
        }),
      ),
    isLive ? { everyMs: LIVE_MS } : {},
  );
  const lines = useMemo(() => value?.filter(({ samples }) => samples.length > 0) ?? [], [value]);
  if (error && !value) return <Problem error={error} />;
  if (lines.length === 0)
    return <p class="soft">{isLoading ? 'Reading …' : 'Nothing was measured in this time.'}</p>;
  return (
    <section aria-label="Usage over time" class={isLoading ? 'plots is-loading' : 'plots'}>
      <div class="plots-head soft">
        {isByNode ? <Legend lines={lines} /> : `Mean of ${job.nodes.length} nodes; memory is their sum.`}
        {range.from ? (
          <button type="button" onClick={() => showRange(undefined)}>
            Show the whole run
          </button>
        ) : (
          <span class="end">Drag in a plot to zoom.</span>
        )}
      </div>
      <FieldPlot title="CPU, % of the allocation" field="cpu_usage" lines={lines} marks={marks} />
      <FieldPlot
        title="Memory"
        field="memory_usage_mb"
        lines={lines}
        marks={marks}
        limit={limitOf(job, isByNode)}
      />
      <FieldPlot title="GPU, %" field="gpu_usage" lines={lines} marks={marks} />
    </section>
  );
}

function Legend({ lines }: { lines: readonly Line[] }) {
  if (lines.length < 2) return null;
  return (
    <ul class="legend">
      {lines.map(({ label }, index) => (
        <li key={label} style={{ '--line-colour': `var(--series-${(index % MAX_LINES) + 1})` }}>
          {label}
        </li>
      ))}
    </ul>
  );
}

/** The limit of one node where lines are nodes that have equal shares; the limit of all of them otherwise. */
function limitOf({ memory_limit_mb, allocations, nodes }: JobAnswer, isByNode: boolean) {
  const shares = new Set(allocations?.map(({ memory_mb }) => memory_mb));
  const share = isByNode && shares.size === 1 ? [...shares][0] : undefined;
  const limit = isByNode && nodes.length > 1 ? (share ?? undefined) : memory_limit_mb;
  return limit ? { value: limit, label: `limit ${formatMb(limit)}` } : undefined;
}

interface FieldPlotProps {
  readonly title: string;
  readonly field: PlotField;
  readonly lines: readonly Line[];
  readonly marks: readonly Mark[];
  readonly limit?: { readonly value: number; readonly label: string } | undefined;
}

function FieldPlot({ title, field, lines, marks, limit }: FieldPlotProps) {
  const { times, columns } = useMemo(() => alignLines(lines, field), [lines, field]);
  if (columns.every((column) => column.every((value) => value === null || value === undefined))) return null;
  const isPercent = field !== 'memory_usage_mb';
  return (
    <Plot
      title={title}
      times={times}
      columns={columns}
      labels={lines.map(({ label }) => label)}
      format={isPercent ? formatPercent : formatMb}
      isBinary={!isPercent}
      max={isPercent ? 100 : undefined}
      limit={limit}
      marks={marks}
      onZoom={showRange}
    />
  );
}
