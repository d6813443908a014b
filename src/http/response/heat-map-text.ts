import type { HeatMap } from '../../domain/heat-map.ts';
import { MEASURES, type MeasureName } from '../../domain/measure.ts';
import type { FieldName } from '../../domain/reading-fields.ts';
import { formatTime } from '../../domain/time.ts';

/** Rows that are rendered at once: well under a millisecond. */
const ROWS_AT_ONCE = 500;
/** Bytes of cells that are encoded at once; a multiple of three, so that the pieces can be joined. */
const CELLS_AT_ONCE = 96 * 1024;

const UNITS = { cpu_usage: 'percent', memory_usage_mb: 'MB', gpu_usage: 'percent' } as const;

function unitOf(field: FieldName): string {
  const measure = MEASURES.get(field as MeasureName);
  if (!measure) return UNITS[field as keyof typeof UNITS];
  return measure.kind === 'counter' ? `${measure.unit} a second` : measure.unit;
}

/** Renders a heat map as JSON, in parts: it may have a million cells, or 100,000 rows. */
export function* heatMapParts(jobId: string, field: FieldName, map: HeatMap): Generator<string> {
  const { rows, spans, cells, scale, strips } = map;
  const head = {
    job_id: jobId,
    field,
    unit: unitOf(field),
    ...(spans.count > 0 && { start_time: formatTime(spans.originMs) }),
    span_seconds: spans.spanMs / 1000,
    columns: spans.count,
    scale: { min: round(scale.min), max: round(scale.max) },
    // JSON has null for NaN.
    min: Array.from(strips.min, round),
    mean: Array.from(strips.mean, round),
    max: Array.from(strips.max, round),
  };
  yield `${JSON.stringify(head).slice(0, -1)},"rows":[`;
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const part = rows
      .slice(at, at + ROWS_AT_ONCE)
      .map((row) => (row.mean === undefined ? row : { ...row, mean: round(row.mean) }));
    yield (at === 0 ? '' : ',') + JSON.stringify(part).slice(1, -1);
  }
  yield '],"cells":"';
  for (let at = 0; at < cells.length; at += CELLS_AT_ONCE)
    yield Buffer.from(cells.buffer, at, Math.min(CELLS_AT_ONCE, cells.length - at)).toString('base64');
  yield '"}';
}

const round = (value: number): number => Math.round(value * 1e3) / 1e3;
