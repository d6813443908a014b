import type { Link } from './link.ts';
import { asColumns, columnOf, DATASOURCE, ofNow, overTime, type Query } from './query.ts';

/** Units by Grafana's names; `count` has none. */
const UNITS = {
  count: 'short',
  percent: 'percent',
  share: 'percentunit',
  bytes: 'bytes',
  seconds: 's',
  watts: 'watt',
  celsius: 'celsius',
  perSecond: 'ops',
  ago: 'dateTimeFromNow',
} as const;
export type Unit = keyof typeof UNITS;

/** A panel without its place, which the dashboard gives it. */
export interface Panel {
  readonly type: string;
  readonly title: string;
  readonly [field: string]: unknown;
}

interface PanelOptions {
  readonly title: string;
  /** What the reader should know about the figures; one or two sentences. */
  readonly about?: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  readonly links?: readonly Link[];
}

/** A value from which on another colour is used: green, yellow or red. */
export type Threshold = readonly [from: number, colour: string];

// One meaning has one colour in all dashboards.
const COLOURS: Readonly<Record<string, string>> = {
  total: '#8e8e8e',
  limit: '#8e8e8e',
  held: 'blue',
  busy: 'green',
  used: 'green',
  available: 'purple',
  failed: 'red',
  completed: 'green',
  cancelled: 'yellow',
};

const override = (name: string, properties: Readonly<Record<string, unknown>>) => ({
  matcher: { id: 'byName', options: name },
  properties: Object.entries(properties).map(([id, value]) => ({ id, value })),
});

const panel = (
  type: string,
  { title, about, links = [] }: Pick<PanelOptions, 'title' | 'about' | 'links'>,
  fields: Readonly<Record<string, unknown>>,
): Panel => ({
  type,
  title,
  ...(about !== undefined && { description: about }),
  datasource: DATASOURCE,
  ...(links.length > 0 && { links }),
  ...fields,
});

interface TimeSeriesOptions extends PanelOptions {
  /** Draws the series on top of each other. */
  readonly stacked?: true;
  /** The end of the axis, such as 100 for percent. */
  readonly max?: number;
  /** Links of each value. */
  readonly valueLinks?: readonly Link[];
}

/** Lines over time. Series that are named as in COLOURS have their colour. */
export function timeSeries({
  unit,
  queries,
  stacked,
  max,
  valueLinks = [],
  ...options
}: TimeSeriesOptions): Panel {
  const named = queries.map(({ name }) => name).filter((name) => COLOURS[name] !== undefined);
  return panel('timeseries', options, {
    targets: overTime(queries),
    fieldConfig: {
      defaults: {
        unit: UNITS[unit],
        min: 0,
        ...(max !== undefined && { max }),
        color: { mode: 'palette-classic' },
        ...(valueLinks.length > 0 && { links: valueLinks }),
        custom: {
          drawStyle: 'line',
          lineWidth: stacked ? 0 : 1,
          fillOpacity: stacked ? 60 : 8,
          showPoints: 'never',
          spanNulls: false,
          stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
        },
      },
      overrides: named.map((name) => override(name, { color: { mode: 'fixed', fixedColor: COLOURS[name] } })),
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  });
}

const REDUCE_LAST = { calcs: ['lastNotNull'], fields: '', values: false } as const;

const thresholdsOf = (thresholds: readonly Threshold[]) => ({
  mode: 'absolute',
  steps: [
    { value: null, color: thresholds.length > 0 ? 'green' : 'text' },
    ...thresholds.map(([value, color]) => ({ value, color })),
  ],
});

interface StatOptions extends Omit<PanelOptions, 'queries'> {
  readonly expr: string;
  readonly thresholds?: readonly Threshold[];
  /** The figure alone, where its past says nothing. */
  readonly plain?: true;
}

/** One figure, with its past as a line behind it. */
export const stat = ({ unit, expr, thresholds = [], plain, title, ...options }: StatOptions): Panel =>
  panel(
    'stat',
    { title, ...options },
    {
      targets: (plain ? ofNow : overTime)([{ expr, name: title }]),
      fieldConfig: {
        defaults: {
          unit: UNITS[unit],
          color: { mode: 'thresholds' },
          thresholds: thresholdsOf(thresholds),
          noValue: '–',
        },
        overrides: [],
      },
      options: {
        graphMode: plain ? 'none' : 'area',
        colorMode: 'value',
        justifyMode: 'auto',
        textMode: 'value',
        wideLayout: true,
        showPercentChange: false,
        percentChangeColorMode: 'standard',
        orientation: 'auto',
        reduceOptions: REDUCE_LAST,
      },
    },
  );

interface BarsOptions extends PanelOptions {
  readonly max?: number;
  /** The colour of the bars: what they show is good, bad or neither. */
  readonly colour?: 'green' | 'orange' | 'blue';
  readonly valueLinks?: readonly Link[];
}

/** One bar for each series, the newest value, in the order of the query. */
export const bars = ({
  unit,
  queries,
  max,
  colour = 'blue',
  valueLinks = [],
  ...options
}: BarsOptions): Panel =>
  panel('bargauge', options, {
    targets: ofNow(queries),
    fieldConfig: {
      defaults: {
        unit: UNITS[unit],
        min: 0,
        ...(max !== undefined && { max }),
        color: { mode: 'fixed', fixedColor: colour },
        noValue: 'none',
        ...(valueLinks.length > 0 && { links: valueLinks }),
      },
      overrides: [],
    },
    options: {
      displayMode: 'gradient',
      valueMode: 'text',
      namePlacement: 'left',
      showUnfilled: true,
      sizing: 'auto',
      minVizWidth: 8,
      minVizHeight: 16,
      maxVizHeight: 300,
      orientation: 'horizontal',
      legend: { displayMode: 'list', placement: 'bottom', showLegend: false, calcs: [] },
      reduceOptions: REDUCE_LAST,
    },
  });

/** A column with the values of a query. */
export interface Column extends Query {
  readonly unit: Unit;
}

interface TableOptions extends Omit<PanelOptions, 'queries' | 'unit'> {
  /** Labels that make a row, and the links of each value. */
  readonly rows: Readonly<Record<string, readonly Link[]>>;
  readonly columns: readonly Column[];
  /** The column that orders the rows, the largest value first. */
  readonly largestFirst: string;
}

/** A table of the newest values. Each query must keep the labels of `rows`, and no others. */
export function table({ rows, columns, largestFirst, ...options }: TableOptions): Panel {
  const labels = Object.keys(rows);
  const names = [...labels, ...columns.map((_, index) => columnOf(index))];
  return panel('table', options, {
    targets: asColumns(columns),
    transformations: [
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true },
          indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
          renameByName: Object.fromEntries(columns.map(({ name }, index) => [columnOf(index), name])),
        },
      },
    ],
    fieldConfig: {
      defaults: { custom: { align: 'auto', inspect: false }, noValue: '–' },
      overrides: [
        ...Object.entries(rows).map(([name, links]) => override(name, { links })),
        ...columns.map(({ name, unit }) => override(name, { unit: UNITS[unit] })),
      ],
    },
    options: { frameIndex: 0, showHeader: true, sortBy: [{ displayName: largestFirst, desc: true }] },
  });
}
