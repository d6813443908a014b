import { useMemo } from 'preact/hooks';
import type { JobAnswer } from '../../api/job.ts';
import { type Mark, Plot } from '../parts/plot.tsx';
import { Problem } from '../parts/problem.tsx';
import { useResource } from '../parts/resource.ts';
import { addressOf, go, place } from '../parts/router.ts';
import { type Chart, chartsOf } from './charts.ts';
import { isByNode, type Range, readLines } from './read-lines.ts';
import { alignCurves } from './series.ts';

const LIVE_MS = 15_000;
const COLOURS = 8;

interface PlotsProps {
  readonly job: JobAnswer;
  /** The run that is shown; undefined for the latest. */
  readonly run: number | undefined;
  readonly marks: readonly Mark[];
}

function readRange(): Range {
  const { query } = place.value;
  const [from, to] = [query.get('from'), query.get('to')];
  return from && to ? { from, to } : {};
}

/** Writes the range into the address; undefined is the whole run. */
function showRange(range: { fromMs: number; toMs: number } | undefined): void {
  const { path, query } = place.value;
  const iso = (timeMs: number) => new Date(timeMs).toISOString();
  const times = range && { from: iso(range.fromMs), to: iso(range.toMs) };
  const kept = { ...Object.fromEntries(query), from: undefined, to: undefined };
  go(addressOf(path, { ...kept, ...times }), { replace: query.has('from') });
}

/** Draws the usage of a run over time: a line a node, or the mean of a job of many nodes. */
export function Plots({ job, run, marks }: PlotsProps) {
  const range = readRange();
  const isLive = job.state === 'running' && run === undefined && range.to === undefined;
  const { value, error, isLoading } = useResource(
    JSON.stringify([job.id, run, range, job.nodes]),
    (signal) => readLines({ job, run, range }, signal),
    isLive ? { everyMs: LIVE_MS, on: { job: job.id } } : {},
  );
  const charts = useMemo(() => (value ? chartsOf({ job, ...value }) : []), [value, job.memory_limit_mb]);
  if (error && !value) return <Problem error={error} />;
  if (charts.length === 0)
    return <p class="soft">{isLoading ? 'Reading …' : 'Nothing was measured in this time.'}</p>;
  const labels = value!.nodes.map(({ label }) => label);
  return (
    <section aria-label="Usage over time" class={isLoading ? 'plots is-loading' : 'plots'}>
      <div class="plots-head soft">
        {isByNode(job) ? (
          <Legend labels={labels} />
        ) : (
          `Mean of ${job.nodes.length} nodes; memory is their sum.`
        )}
        {range.from ? (
          <button type="button" class="end" onClick={() => showRange(undefined)}>
            Show the whole run
          </button>
        ) : (
          <span class="end">Drag in a plot to zoom.</span>
        )}
      </div>
      {charts.map((chart) => (
        <ChartPlot key={chart.title} chart={chart} marks={marks} />
      ))}
    </section>
  );
}

/** Names the lines; nothing is said of a single one. */
function Legend({ labels }: { labels: readonly string[] }) {
  if (labels.length < 2) return null;
  return (
    <ul class="legend">
      {labels.map((label, index) => (
        <li key={label} style={{ '--line-colour': `var(--series-${(index % COLOURS) + 1})` }}>
          {label}
        </li>
      ))}
    </ul>
  );
}

function ChartPlot({ chart, marks }: { chart: Chart; marks: readonly Mark[] }) {
  const { times, columns } = useMemo(() => alignCurves(chart.curves), [chart]);
  const labels = chart.curves.map(({ label }) => label);
  return (
    <div>
      <Plot
        title={chart.title}
        times={times}
        columns={columns}
        labels={labels}
        format={chart.format}
        isBinary={chart.isBinary ?? false}
        max={chart.max}
        limit={chart.limit}
        marks={marks}
        onZoom={showRange}
      />
      {chart.hasOwnLegend && <Legend labels={labels} />}
    </div>
  );
}
