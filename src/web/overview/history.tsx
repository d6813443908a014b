import { useMemo } from 'preact/hooks';
import type { OverviewHistoryAnswer } from '../../api/overview-history.ts';
import { groupDigits } from '../../domain/figures.ts';
import { Plot } from '../parts/plot.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';

const POLL_MS = 60_000;
const HOUR_MS = 3_600_000;

type Column = readonly (number | null)[];
type Columns = OverviewHistoryAnswer['columns'];

interface Chart {
  readonly title: string;
  readonly columns: readonly (keyof Columns)[];
  readonly labels: readonly string[];
  readonly isHourly?: true;
}

const PLOTS: readonly Chart[] = [
  { title: 'Running jobs', columns: ['running'], labels: ['running'] },
  { title: 'Pending jobs', columns: ['pending'], labels: ['pending'] },
  {
    title: 'Jobs that ended, by hour',
    columns: ['completed', 'failed', 'cancelled'],
    labels: ['completed', 'failed', 'cancelled'],
    isHourly: true,
  },
];

/** Jobs by state over the last day; each with an axis of its own. */
export function History() {
  const { value } = useResource(
    'history',
    (signal) => getJson<OverviewHistoryAnswer>('v1/overview/history', {}, signal),
    { everyMs: POLL_MS },
  );
  // Made once an answer, because a plot is drawn anew when its columns are others.
  const lines = useMemo(() => value && { fine: withGaps(value), hourly: byHour(value) }, [value]);
  return (
    <section class="history" aria-label="The last 24 hours">
      <h2>The last 24 hours</h2>
      {value && value.timestamps.length < 2 ? (
        <p class="soft">
          {value.reason ??
            'The service stores a point every five minutes while it runs; there is no line yet.'}
        </p>
      ) : (
        <div class="history-plots">
          {PLOTS.map((chart) =>
            lines ? (
              <StatePlot key={chart.title} chart={chart} lines={chart.isHourly ? lines.hourly : lines.fine} />
            ) : (
              <div key={chart.title} class="plot-place" />
            ),
          )}
        </div>
      )}
    </section>
  );
}

interface Lines {
  readonly times: readonly number[];
  readonly columns: Readonly<Record<keyof Columns, Column>>;
}

function StatePlot({ chart: { title, columns, labels }, lines }: { chart: Chart; lines: Lines }) {
  const shown = useMemo(() => columns.map((name) => lines.columns[name]), [columns, lines]);
  return (
    <Plot
      title={title}
      times={lines.times}
      columns={shown}
      labels={labels}
      format={(count) => groupDigits(Math.round(count))}
      onZoom={() => {}}
    />
  );
}

/** Adds up what ended in each hour; an hour without data has no value. */
function byHour({ timestamps, columns }: OverviewHistoryAnswer): Lines {
  const hours = [...Map.groupBy(timestamps.keys(), (at) => Math.ceil(Date.parse(timestamps[at]!) / HOUR_MS))];
  const sum = (column: Column) =>
    hours.map(([, places]) => {
      const known = places.flatMap((place) => column[place] ?? []);
      return known.length === 0 ? null : known.reduce((total, one) => total + one, 0);
    });
  const named = Object.entries(columns).map(([name, column]) => [name, sum(column)]);
  return { times: hours.map(([hour]) => (hour * HOUR_MS) / 1000), columns: Object.fromEntries(named) };
}

/** Puts an empty point where the service was away, so that no line crosses it. */
function withGaps({ timestamps, columns, step_seconds }: OverviewHistoryAnswer): Lines {
  const times: number[] = [];
  const places: number[] = [];
  for (const [index, timestamp] of timestamps.entries()) {
    const seconds = Date.parse(timestamp) / 1000;
    const before = times.at(-1);
    if (before !== undefined && seconds - before > 1.9 * step_seconds) {
      times.push(before + step_seconds);
      places.push(-1);
    }
    times.push(seconds);
    places.push(index);
  }
  const gapped = (column: Column): Column => places.map((place) => column[place] ?? null);
  const named = Object.entries(columns).map(([name, column]) => [name, gapped(column)]);
  return { times, columns: Object.fromEntries(named) };
}
