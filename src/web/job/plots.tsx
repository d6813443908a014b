import { useMemo } from 'preact/hooks';
import type { JobAnswer } from '../../api/job.ts';
import { type Mark, Plot, type Span } from '../parts/plot.tsx';
import { MOST_ENDS } from '../parts/plot-drawing.ts';
import { Problem } from '../parts/problem.tsx';
import { useResource } from '../parts/resource.ts';
import { addressOf, go, nodeAddress, place } from '../parts/router.ts';
import { type Chart, chartsOf } from './charts.ts';
import { HeatMap } from './heat-map.tsx';
import { isByNode, type Range, readLines } from './read-lines.ts';
import { alignCurves, gapsOf } from './series.ts';

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

/** The one node that is shown, if it is one of the job's. */
function readNode({ nodes }: JobAnswer): string | undefined {
  const node = place.value.query.get('node');
  return node !== null && nodes.includes(node) ? node : undefined;
}

/** Changes some parameters of the address, and leaves the others. */
function change(changes: Readonly<Record<string, string | undefined>>, replace: boolean): void {
  const { path, query } = place.value;
  const top = scrollY;
  go(addressOf(path, { ...Object.fromEntries(query), ...changes }), { replace });
  scrollTo(0, top);
}

/** Writes the range into the address; undefined is the whole run. */
function showRange(range: Span | undefined): void {
  const iso = (timeMs: number) => new Date(timeMs).toISOString();
  change({ from: range && iso(range.fromMs), to: range && iso(range.toMs) }, place.value.query.has('from'));
}

const showNode = (node: string | undefined): void => change({ node }, false);
const showMap = (map: string): void => change({ map }, true);

/** Draws the usage of a run over time: a line a node; of many nodes a heat map, and the mean or one of them. */
export function Plots({ job, run, marks }: PlotsProps) {
  const range = readRange();
  const node = readNode(job);
  const isLive = job.state === 'running' && run === undefined && range.to === undefined;
  const { value, error, isLoading } = useResource(
    JSON.stringify([job.id, run, range, job.nodes, node]),
    (signal) => readLines({ job, run, range, node }, signal),
    isLive ? { everyMs: LIVE_MS, on: { job: job.id } } : {},
  );
  const charts = useMemo(() => (value ? chartsOf({ job, ...value }) : []), [value, job.memory_limit_mb]);
  const span = useMemo(() => spanOf(job, range, value?.timeMs), [value, range.from, range.to, job.end_time]);
  const gaps = useMemo(
    () =>
      value && span
        ? gapsOf(
            value.nodes.map(({ rows }) => rows),
            span,
          )
        : [],
    [value, span],
  );
  if (error && !value) return <Problem error={error} />;
  if (!span || charts.length === 0)
    return (
      <div class="soft">
        {isLoading ? 'Reading …' : 'Nothing was measured in this time.'} {range.from && <WholeRun />}
      </div>
    );
  return (
    <>
      {!isByNode(job) && (
        <HeatMap
          job={job}
          run={run}
          range={range}
          span={span}
          marks={marks}
          field={place.value.query.get('map') ?? 'cpu_usage'}
          onField={showMap}
          onNode={showNode}
          onZoom={showRange}
        />
      )}
      <section aria-label="Usage over time" class={isLoading ? 'plots is-loading' : 'plots'}>
        <div class="plots-head soft">
          <Subject job={job} node={node} labels={value!.nodes.map(({ label }) => label)} />
          {range.from ? <WholeRun /> : <span class="end">Drag in a plot to zoom.</span>}
        </div>
        {charts.map((chart) => (
          <ChartPlot key={chart.title} chart={chart} marks={marks} gaps={gaps} span={span} />
        ))}
      </section>
    </>
  );
}

/** What is shown: the zoomed range, or the run from its start to its end or now. */
function spanOf(job: JobAnswer, { from, to }: Range, readMs = Date.now()): Span | undefined {
  if (from && to) return { fromMs: Date.parse(from), toMs: Date.parse(to) };
  if (job.start_time === undefined) return undefined;
  const fromMs = Date.parse(job.start_time);
  const toMs = job.end_time === undefined ? readMs : Date.parse(job.end_time);
  return { fromMs, toMs: Math.max(toMs, fromMs + 1000) };
}

const WholeRun = () => (
  <button type="button" class="end" onClick={() => showRange(undefined)}>
    Show the whole run
  </button>
);

interface SubjectProps {
  readonly job: JobAnswer;
  readonly node: string | undefined;
  readonly labels: readonly string[];
}

/** Says whose lines are shown. */
function Subject({ job, node, labels }: SubjectProps) {
  if (node !== undefined)
    return (
      <span>
        Only <a href={nodeAddress(node)}>{node}</a>{' '}
        <button type="button" onClick={() => showNode(undefined)}>
          All {job.nodes.length} nodes
        </button>
      </span>
    );
  if (isByNode(job)) return <Legend labels={labels} />;
  return <span>{`Mean of ${job.nodes.length} nodes.`}</span>;
}

/** Names the lines, unless they are so few that the plot does so at their ends. */
function Legend({ labels }: { labels: readonly string[] }) {
  if (labels.length <= MOST_ENDS) return null;
  // Colours would repeat.
  if (labels.length > COLOURS)
    return <p class="soft">{`${labels.length} lines; Numbers has their names.`}</p>;
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

interface ChartPlotProps {
  readonly chart: Chart;
  readonly marks: readonly Mark[];
  readonly gaps: readonly Span[];
  readonly span: Span;
}

function ChartPlot({ chart, marks, gaps, span }: ChartPlotProps) {
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
        hasAreas={chart.hasAreas ?? false}
        marks={marks}
        gaps={gaps}
        span={span}
        onZoom={showRange}
      />
      {chart.hasOwnLegend && <Legend labels={labels} />}
    </div>
  );
}
