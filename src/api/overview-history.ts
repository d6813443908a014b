import { Type } from '@sinclair/typebox';
import { HISTORY_FIELDS, type HistoryName, type HistoryRow } from '../domain/overview/history.ts';
import { formatTime } from '../domain/time.ts';
import { Time, type Wire } from './field.ts';
import { operation, queryParameter, TimeParameter } from './operation.ts';

const Values = Type.Array(Type.Unsafe<number | null>({ type: 'number', nullable: true }));
const closed = { additionalProperties: false };

export const OverviewHistoryAnswer = Type.Object(
  {
    since: Time('Start of the range'),
    until: Time('End of the range'),
    step_seconds: Type.Integer({ description: 'Length of a span; a span that nobody recorded has no point' }),
    timestamps: Type.Array(Time('When the point is of'), { maxItems: 300 }),
    columns: Type.Object(
      Object.fromEntries(HISTORY_FIELDS.map(({ name }) => [name, Values])) as Record<
        HistoryName,
        typeof Values
      >,
      {
        ...closed,
        description:
          'One value a point, null where it was not known. completed, failed and cancelled count the jobs that ended in the span',
      },
    ),
    reason: Type.Optional(
      Type.String({ description: 'Why there are no points, if the caller may not see them' }),
    ),
  },
  { $id: 'OverviewHistory', ...closed },
);
export type OverviewHistoryAnswer = Wire<typeof OverviewHistoryAnswer>;

interface RenderedHistory {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly stepMs: number;
  readonly points: readonly HistoryRow[];
  readonly reason?: string;
}

function columnsOf(points: readonly HistoryRow[]): OverviewHistoryAnswer['columns'] {
  const columns = {} as Record<HistoryName, (number | null)[]>;
  for (const { key, name } of HISTORY_FIELDS) columns[name] = points.map((point) => point[key] ?? null);
  return columns;
}

export const renderHistory = ({
  sinceMs,
  untilMs,
  stepMs,
  points,
  reason,
}: RenderedHistory): OverviewHistoryAnswer => ({
  since: formatTime(sinceMs),
  until: formatTime(untilMs),
  step_seconds: stepMs / 1000,
  timestamps: points.map(({ timeMs }) => formatTime(timeMs)),
  columns: columnsOf(points),
  ...(reason !== undefined && { reason }),
});

export const GET_OVERVIEW_HISTORY = operation({
  id: 'getOverviewHistory',
  method: 'GET',
  path: '/v1/overview/history',
  tag: 'Cluster',
  access: 'read',
  summary:
    'Show the state of the cluster over time, from rows of five minutes that are kept for 90 days; at most 300 points. Nothing ' +
    'is shown to somebody who sees only their own jobs, because the rows are of all',
  parameters: [
    queryParameter('since', 'Start of the range; 24 hours before its end by default', TimeParameter),
    queryParameter('until', 'End of the range; now by default', TimeParameter),
  ],
  answers: { 200: { schema: OverviewHistoryAnswer, means: 'The points of the range' } },
  errors: ['validation_error', 'unavailable'],
  repeatable: 'always',
});
