import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { HeatMapAnswer } from '../../api/heat-map.ts';
import type { JobAnswer } from '../../api/job.ts';
import { formatBytes, formatMb, formatPercent } from '../../domain/figures.ts';
import { formatLocal } from '../parts/moment.tsx';
import { type Mark, Plot, type Span } from '../parts/plot.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson, jobPath } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { look } from '../parts/theme.tsx';
import { orderRows, paintCells, paletteOf, readStops, unpackCells, valueAt } from './heat-cells.ts';
import type { Range } from './read-lines.ts';

interface Shown {
  readonly field: string;
  readonly name: string;
  readonly format: (value: number) => string;
  /** The whole scale; that of the values if left out. */
  readonly max?: number;
}

const rate = (bytes: number) => `${formatBytes(Math.round(bytes))}/s`;
const SHOWN: readonly Shown[] = [
  { field: 'cpu_usage', name: 'CPU', format: formatPercent, max: 100 },
  { field: 'memory_usage_mb', name: 'Memory', format: formatMb },
  { field: 'gpu_usage', name: 'GPU', format: formatPercent, max: 100 },
  { field: 'io_read_bytes', name: 'Read', format: rate },
  { field: 'io_written_bytes', name: 'Written', format: rate },
];

/** What a job of many nodes is shown as. */
export const HEAT_MAP_FIELDS = SHOWN.map(({ field }) => field);

const LARGEST_HEIGHT = 480;
const LARGEST_ROW = 14;
const COLUMNS = 300;
/** Of a running job, it is read anew this often. */
const LIVE_MS = 30_000;
/** Right of the strips and of the cells; src/web/style/job.css. */
const END_ROOM = 48;
/** The whole width of A4; src/web/style/print.css. */
const PRINT_WIDTH = 880;

interface HeatMapProps {
  readonly job: JobAnswer;
  /** Undefined for the latest. */
  readonly run: number | undefined;
  readonly range: Range;
  readonly span: Span;
  readonly marks: readonly Mark[];
  readonly field: string;
  readonly onField: (field: string) => void;
  readonly onNode: (node: string) => void;
  readonly onZoom: (range: Span | undefined) => void;
}

/** Shows one measure of all nodes over time: least, mean and most as lines, and a row of cells for each node. */
export function HeatMap({ job, run, range, span, marks, field, onField, onNode, onZoom }: HeatMapProps) {
  const shown = SHOWN.find((one) => one.field === field) ?? SHOWN[0]!;
  const query = { field: shown.field, columns: COLUMNS, run, start_time: range.from, end_time: range.to };
  const { value, error, isLoading } = useResource(
    JSON.stringify([job.id, query, Math.floor(span.toMs / LIVE_MS)]),
    (signal) => getJson<HeatMapAnswer>(jobPath(job.id, '/heatmap'), query, signal),
  );
  const strips = useMemo(() => value && stripsOf(value), [value]);
  return (
    <section class={isLoading ? 'heat is-loading' : 'heat'} aria-label={`${shown.name} of each node`}>
      <div class="heat-head">
        <h2>{shown.name} of each node</h2>
        <label>
          <span class="visually-hidden">Measure</span>
          <select value={shown.field} onChange={({ currentTarget }) => onField(currentTarget.value)}>
            {SHOWN.filter((one) => one.field !== 'gpu_usage' || job.gpus !== 0).map((one) => (
              <option key={one.field} value={one.field}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {error && <Problem error={error} />}
      {value && value.columns === 0 && <p class="soft">Nothing was measured in this time.</p>}
      {value && strips && value.columns > 0 && (
        <>
          <Plot
            title={`Least, mean and most of ${job.nodes.length} nodes`}
            {...strips}
            format={shown.format}
            max={shown.max}
            marks={marks}
            span={span}
            endRoom={END_ROOM}
            printWidth={PRINT_WIDTH}
            onZoom={onZoom}
          />
          <Cells map={value} shown={shown} span={span} onNode={onNode} />
        </>
      )}
    </section>
  );
}

const LABELS = ['least', 'mean', 'most'];

function stripsOf({ start_time, span_seconds, columns, min, mean, max }: HeatMapAnswer) {
  const firstMs = Date.parse(start_time ?? '');
  const times = Array.from({ length: columns }, (_, at) => firstMs / 1000 + (at + 0.5) * span_seconds);
  return { times, columns: [min, mean, max], labels: LABELS };
}

interface CellsProps {
  readonly map: HeatMapAnswer;
  readonly shown: Shown;
  readonly span: Span;
  readonly onNode: (node: string) => void;
}

interface Spot {
  readonly line: number;
  readonly column: number;
}

/** The cells on one canvas, the busiest node at the top; a click, or Enter on a row, chooses its node. */
function Cells({ map, shown, span, onNode }: CellsProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [spot, setSpot] = useState<Spot>();
  const cells = useMemo(() => unpackCells(map.cells), [map]);
  const order = useMemo(() => orderRows(map), [map]);
  const rowsPerLine = Math.ceil(order.length / LARGEST_HEIGHT);
  const lines = Math.ceil(order.length / rowsPerLine);
  const height = lines * Math.max(1, Math.min(LARGEST_ROW, Math.floor(LARGEST_HEIGHT / lines)));
  const max = shown.max ?? map.scale.max;
  const colours = look.value;
  useEffect(() => {
    const startMs = performance.now();
    const element = canvas.current!;
    const { min: from, max: to } = map.scale;
    const scale = { from: max > 0 ? from / max : 0, to: max > 0 ? to / max : 0 };
    const stops = readStops(getComputedStyle(element).getPropertyValue('--heat'));
    const palette = paletteOf(stops, scale);
    const pixels = paintCells({ cells, order, columns: map.columns, rowsPerLine, palette });
    element.width = map.columns;
    element.height = lines;
    const image = new ImageData(new Uint8ClampedArray(pixels.buffer as ArrayBuffer), map.columns, lines);
    element.getContext('2d')!.putImageData(image, 0, 0);
    element.dataset.drawMs = (performance.now() - startMs).toFixed(2);
  }, [map, max, colours]);

  const rowAt = (line: number) => order[Math.min(order.length - 1, line * rowsPerLine)]!;
  const spotOf = (event: MouseEvent): Spot => {
    const { left, top, width, height: shownHeight } = canvas.current!.getBoundingClientRect();
    const within = (part: number, count: number) =>
      Math.max(0, Math.min(count - 1, Math.floor(part * count)));
    return {
      line: within((event.clientY - top) / shownHeight, lines),
      column: within((event.clientX - left) / width, map.columns),
    };
  };
  const choose = ({ line }: Spot) => {
    const { node } = map.rows[rowAt(line)]!;
    if (node !== undefined) onNode(node);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { line, column } = spot ?? { line: 0, column: 0 };
    const moves: Record<string, readonly [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const move = moves[event.key];
    if (event.key === 'Enter') choose({ line, column });
    if (!move) return;
    event.preventDefault();
    setSpot({
      line: Math.max(0, Math.min(lines - 1, line + move[0])),
      column: Math.max(0, Math.min(map.columns - 1, column + move[1])),
    });
  };
  const firstMs = Date.parse(map.start_time ?? '');
  const shownMs = span.toMs - span.fromMs;
  const left = (100 * (firstMs - span.fromMs)) / shownMs;
  const width = (100_000 * map.span_seconds * map.columns) / shownMs;
  return (
    <div class="heat-map">
      <div class="heat-rows">
        <span class="heat-end soft">busiest</span>
        <span class="heat-end heat-end-last soft">idlest</span>
        <div class="heat-frame" style={{ height: `${height}px` }}>
          <canvas
            ref={canvas}
            tabIndex={0}
            role="img"
            aria-label={`${shown.name} of ${map.rows.length} nodes, the busiest at the top. Arrows move, Enter shows the node alone.`}
            style={{ left: `${left}%`, width: `${width}%` }}
            onMouseMove={(event) => setSpot(spotOf(event))}
            onMouseLeave={() => setSpot(undefined)}
            onClick={(event) => choose(spotOf(event))}
            onKeyDown={onKeyDown}
          />
          {spot && (
            <span
              class="heat-row"
              style={{ top: `${(100 * spot.line) / lines}%`, height: `${100 / lines}%` }}
              aria-hidden="true"
            />
          )}
        </div>
      </div>
      <p class="heat-foot soft">
        <span aria-live="polite" class="heat-readout">
          {spot
            ? describeSpot({ map, shown, cells }, rowAt(spot.line), spot.column)
            : 'Click a row to see its node alone.'}
        </span>
        <span class="heat-scale">
          0 <span class="heat-colours" /> {shown.format(max)} <span class="heat-gap" /> not measured
        </span>
      </p>
    </div>
  );
}

function describeSpot(
  { map, shown, cells }: { map: HeatMapAnswer; shown: Shown; cells: Uint8Array },
  row: number,
  column: number,
): string {
  const value = valueAt(map, cells, row, column);
  const timeMs = Date.parse(map.start_time ?? '') + 1000 * map.span_seconds * column;
  const { node = '', mean } = map.rows[row]!;
  const whole = mean === undefined ? '' : `, mean ${shown.format(mean)}`;
  return `${node} · ${formatLocal(timeMs)} · ${value === undefined ? 'not measured' : shown.format(value)}${whole}`;
}
