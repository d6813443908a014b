import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { formatSeconds } from '../../domain/figures.ts';
import { formatLocal } from './moment.tsx';
import { drawEnds, drawGaps, drawOver, endsWidth } from './plot-drawing.ts';
import { Numbers } from './plot-numbers.tsx';
import { look } from './theme.tsx';

/** A moment that is marked in every plot. */
export interface Mark {
  readonly timeMs: number;
  readonly label: string;
}

/** A stretch of time, in milliseconds since 1970. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface PlotProps {
  readonly title: string;
  /** Seconds since 1970. */
  readonly times: readonly number[];
  /** One column a line: null interrupts it, undefined does not. */
  readonly columns: readonly (readonly (number | null | undefined)[])[];
  readonly labels: readonly string[];
  readonly format: (value: number) => string;
  /** Whether round values are powers of two, as of memory. */
  readonly isBinary?: boolean;
  /** The upper end of the scale; the largest value if left out. */
  readonly max?: number | undefined;
  /** Drawn as a line across, such as a limit. */
  readonly limit?: { readonly value: number; readonly label: string } | undefined;
  readonly marks?: readonly Mark[];
  /** The times are seconds since the start of each line. */
  readonly isElapsed?: boolean;
  /** Times in which nothing was measured, which are hatched. */
  readonly gaps?: readonly Span[];
  /** What is shown; from the first value to the last if left out. */
  readonly span?: Span | undefined;
  /** Whether the areas below the lines are filled, as those of parts that add up. */
  readonly hasAreas?: boolean;
  /** Pixels right of the lines for their names; as many as those need if left out. */
  readonly endRoom?: number;
  /** Pixels of its width on paper. */
  readonly printWidth?: number;
  /** Called with the range that the reader has drawn, in milliseconds; undefined for all of it. */
  readonly onZoom: (range: Span | undefined) => void;
}

const HEIGHT = 150;
/** A third of a page of A4; src/web/style/print.css. */
const PRINT_WIDTH = 284;
const LEAST_ZOOM_PIXELS = 6;

/** Draws lines over time. The cursors of all plots of a page move together; dragging zooms. */
export function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const { title, times, columns, labels, format, max, limit, span, gaps = [] } = props;
  const latest = useRef(props);
  latest.current = props;
  const colours = look.value;
  useEffect(() => {
    const element = place.current!;
    const plot = new uPlot(optionsOf(element, latest), dataOf(times, columns), element);
    const resize = (width = element.clientWidth) => plot.setSize({ width, height: HEIGHT });
    const observer = new ResizeObserver(() => resize());
    observer.observe(element);
    // Canvas does not follow the style of paper by itself.
    const fitPaper = () => resize(latest.current.printWidth ?? PRINT_WIDTH);
    const fitScreen = () => resize();
    addEventListener('beforeprint', fitPaper);
    addEventListener('afterprint', fitScreen);
    const showAll = () => latest.current.onZoom(undefined);
    element.addEventListener('dblclick', showAll);
    return () => {
      element.removeEventListener('dblclick', showAll);
      removeEventListener('beforeprint', fitPaper);
      removeEventListener('afterprint', fitScreen);
      observer.disconnect();
      plot.destroy();
    };
  }, [times, columns, labels.join('\n'), max, limit?.value, span?.fromMs, span?.toMs, colours]);
  return (
    <figure class="plot" aria-label={describe(props)}>
      <figcaption>{title}</figcaption>
      <div ref={place} data-gaps={gaps.length} />
      <Numbers title={title} labels={labels} columns={columns} format={format} />
    </figure>
  );
}

const DAY = 86_400;
/** How times are written, from the longest distance between two of them; 24 hours, and days as ISO writes them. */
const TIMES: uPlot.Axis.Values = [
  [DAY, '{YYYY}-{MM}-{DD}', null, null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{YYYY}-{MM}-{DD}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{YYYY}-{MM}-{DD}', null, '\n{YYYY}-{MM}-{DD}', null, null, null, 1],
];

/** Round distances between two durations. */
const DURATIONS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14_400, 21_600, 43_200].concat(
  [1, 2, 5, 10, 20, 50, 100].map((days) => days * DAY),
);

const stepsOf = (isBinary: boolean): number[] =>
  isBinary
    ? Array.from({ length: 44 }, (_, power) => 2 ** power)
    : [1, 2, 5]
        .flatMap((digit) => Array.from({ length: 16 }, (_, power) => digit * 10 ** (power - 3)))
        .sort((a, b) => a - b);

const dataOf = (times: readonly number[], columns: PlotProps['columns']): uPlot.AlignedData => [
  times as number[],
  ...(columns as (number | null | undefined)[][]),
];

/** Returns a colour as canvas understands it, which does not know light-dark(): a probe resolves it. */
export function resolveColour(element: HTMLElement, text: string): string {
  const probe = document.createElement('span');
  probe.style.color = text;
  element.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

function optionsOf(element: HTMLElement, latest: { readonly current: PlotProps }): uPlot.Options {
  const { labels, format, max, limit, span, hasAreas, isBinary = false, isElapsed = false } = latest.current;
  const token = (name: string) => resolveColour(element, `var(${name})`);
  const pale = (name: string) => resolveColour(element, `color-mix(in srgb, var(${name}) 22%, transparent)`);
  const axis: uPlot.Axis = {
    stroke: () => token('--ink-soft'),
    grid: { stroke: () => token('--rule'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  const top = (most: number) => max ?? (Math.max(most, limit?.value ?? 0) * 1.05 || 1);
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, latest.current.endRoom ?? endsWidth(labels), 0, 0],
    scales: {
      x: {
        time: !isElapsed,
        ...(span && { range: [span.fromMs / 1000, span.toMs / 1000] as [number, number] }),
      },
      y: { range: (_, __, most) => [0, top(most ?? 0)] },
    },
    axes: [
      isElapsed
        ? { ...axis, space: 80, incrs: DURATIONS, values: (_, values) => values.map(formatSeconds) }
        : { ...axis, space: 80, values: TIMES },
      { ...axis, size: 64, incrs: stepsOf(isBinary), values: (_, values) => values.map(format) },
    ],
    cursor: {
      sync: { key: 'job' },
      drag: { x: true, y: false, setScale: false, dist: LEAST_ZOOM_PIXELS },
      points: { size: 5 },
    },
    series: [
      {},
      ...labels.map((label, index) => ({
        label,
        stroke: () => token(`--series-${(index % 8) + 1}`),
        ...(hasAreas && { fill: () => pale(`--series-${(index % 8) + 1}`) }),
        width: 1.25,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: {
      drawAxes: [(plot) => drawGaps(plot, latest.current, token)],
      draw: [
        (plot) => drawOver(plot, latest.current, token),
        (plot) => drawEnds(plot, latest.current, token),
      ],
      setCursor: [(plot) => showValues(plot, latest.current)],
      setSelect: [(plot) => zoom(plot, latest.current)],
    },
    plugins: [{ hooks: { init: [(plot) => plot.over.append(readout())] } }],
  };
}

function readout(): HTMLElement {
  const element = document.createElement('div');
  element.className = 'readout';
  element.hidden = true;
  return element;
}

/** Writes the values under the cursor. */
function showValues(plot: uPlot, { labels, format, isElapsed }: PlotProps): void {
  const element = plot.over.querySelector<HTMLElement>('.readout');
  if (!element) return;
  const { idx, left = -1 } = plot.cursor;
  element.hidden = idx === null || idx === undefined || left < 0;
  if (element.hidden) return;
  const values = labels.flatMap((label, index) => {
    const value = plot.data[index + 1]?.[idx!];
    return value === null || value === undefined
      ? []
      : [`${label === '' ? '' : `${label}: `}${format(value)}`];
  });
  element.textContent = [timeText(plot.data[0][idx!]!, isElapsed), ...values].join('\n');
  const isRight = left > plot.over.clientWidth / 2;
  element.style.left = isRight ? '' : `${left + 8}px`;
  element.style.right = isRight ? `${plot.over.clientWidth - left + 8}px` : '';
}

function zoom(plot: uPlot, { onZoom }: PlotProps): void {
  const { left, width } = plot.select;
  if (width < LEAST_ZOOM_PIXELS) return;
  const timeAt = (pixels: number) => Math.round(plot.posToVal(pixels, 'x') * 1000);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onZoom({ fromMs: timeAt(left), toMs: timeAt(left + width) });
}

const timeText = (seconds: number, isElapsed: boolean | undefined): string =>
  isElapsed ? formatSeconds(seconds) : formatLocal(seconds * 1000);

/** Describes a plot to readers who do not see it. */
function describe({ title, times, columns, format, isElapsed }: PlotProps): string {
  const values = columns.flat().filter((value) => typeof value === 'number');
  if (values.length === 0 || times.length === 0) return `${title}: nothing measured`;
  const least = values.reduce((one, other) => Math.min(one, other));
  const most = values.reduce((one, other) => Math.max(one, other));
  const span = `${timeText(times[0]!, isElapsed)} to ${timeText(times.at(-1)!, isElapsed)}`;
  return `${title}, ${span}: from ${format(least)} to ${format(most)}`;
}
