import { Type } from '@sinclair/typebox';
import { MAX_CELLS, MAX_COLUMNS } from '../domain/heat-map.ts';
import { FIELD_NAMES } from '../domain/reading-fields.ts';
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
