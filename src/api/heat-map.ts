import { Type } from '@sinclair/typebox';
import { type HeatMap, MAX_CELLS, MAX_COLUMNS } from '../domain/heat-map.ts';
import { MEASURES, type MeasureName } from '../domain/measure.ts';
import { FIELD_NAMES, type FieldName } from '../domain/reading-fields.ts';
import { formatTime } from '../domain/time.ts';
import { Time, type Wire } from './field.ts';
import { choiceParameter, JOB_ID, operation, queryParameter, RUN, TimeParameter } from './operation.ts';
import { READING_BY } from './reading.ts';

export const DEFAULT_COLUMNS = 300;

const Strip = (which: string) =>
  Type.Array(Type.Unsafe<number | null>({ type: 'number', nullable: true }), {
    description: `The ${which} cell of each column; null where it has none`,
  });

export const HeatMapAnswer = Type.Object(
  {
    job_id: Type.String(),
    field: Type.String(),
    unit: Type.String({ description: 'Of the values; counters are shown as their growth in a second' }),
    start_time: Type.Optional(Time('Start of the first column; absent without any sample')),
    span_seconds: Type.Number({ description: 'Length of a column' }),
    columns: Type.Integer({ minimum: 0 }),
    rows: Type.Array(
      Type.Object(
        {
          node: Type.Optional(Type.String()),
          gpu: Type.Optional(Type.String({ description: 'UUID; only with by=gpu' })),
          mean: Type.Optional(Type.Number({ description: 'Mean of the cells of the row' })),
        },
        { additionalProperties: false },
      ),
      { description: 'In the order of the job' },
    ),
    scale: Type.Object(
      { min: Type.Number(), max: Type.Number() },
      { additionalProperties: false, description: 'What the bytes 0 and 254 stand for' },
    ),
    cells: Type.String({
      description:
        'Base64 of a byte a cell, row by row: 0 to 254 on the scale, 255 where nothing was measured',
    }),
    min: Strip('least'),
    mean: Strip('mean'),
    max: Strip('greatest'),
  },
  { $id: 'HeatMap', additionalProperties: false },
);
export type HeatMapAnswer = Wire<typeof HeatMapAnswer>;

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

export const HEAT_MAP_PARAMETERS = [
  choiceParameter('field', 'What is shown', FIELD_NAMES, 'cpu_usage'),
  queryParameter(
    'columns',
    `At most this many columns of equal length, each at least two intervals of the samples; fewer for more than ${MAX_CELLS} cells`,
    Type.Integer({ minimum: 1, maximum: MAX_COLUMNS, default: DEFAULT_COLUMNS }),
  ),
  queryParameter('start_time', 'Only samples at or after this time', TimeParameter),
  queryParameter('end_time', 'Only samples at or before this time', TimeParameter),
  queryParameter('node', 'Only this node of the job', Type.String({ minLength: 1, maxLength: 256 })),
  RUN,
  choiceParameter('by', 'A row a GPU instead of a node', READING_BY),
];

export const GET_HEAT_MAP = operation({
  id: 'getHeatMap',
  method: 'GET',
  path: '/v1/jobs/:jobId/heatmap',
  tag: 'Samples',
  access: 'read',
  summary:
    'One field of all nodes of a run over time, as a map of nodes and columns of time; gzip if accepted',
  parameters: [JOB_ID, ...HEAT_MAP_PARAMETERS],
  answers: { 200: { schema: HeatMapAnswer, means: 'The map' } },
  errors: ['validation_error', 'not_found', 'unavailable'],
  repeatable: 'always',
});
