import { Type } from '@sinclair/typebox';
import type { JobDetails } from '../domain/detail.ts';
import { SOURCES } from '../domain/report.ts';
import type { JobEvent } from '../domain/store/runs.ts';
import { formatTime, requireTime } from '../domain/time.ts';
import { fieldOf, keyOf, readDetails, renderDetails } from './detail.ts';
import { Choice, Time, type Wire } from './field.ts';
import { JOB_ID, operation } from './operation.ts';

const EventAnswer = Type.Object(
  {
    time: Time('When the source observed the change'),
    source: Choice(SOURCES),
    change: Type.Object(
      {},
      {
        additionalProperties: true,
        description: 'The fields of the job that changed, with their new values; null: no longer known',
      },
    ),
  },
  { additionalProperties: false },
);
type EventAnswer = Wire<typeof EventAnswer>;

export const EventListAnswer = Type.Object(
  { job_id: Type.String(), events: Type.Array(EventAnswer) },
  { $id: 'EventList', additionalProperties: false },
);
export type EventListAnswer = Wire<typeof EventListAnswer>;

const TIMES: Record<string, string> = { startTimeMs: 'start_time', endTimeMs: 'end_time' };

/** Renders a change under the names that the fields have in answers. */
function renderChange(change: JobEvent['change']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(change).flatMap(([key, value]) => {
      const time = TIMES[key];
      if (time) return [[time, value === null ? null : formatTime(value as number)]];
      const field = fieldOf(key as keyof JobDetails);
      // State, user and nodes have the same name in both.
      if (field === undefined) return [[key, value]];
      return value === null ? [[field, null]] : Object.entries(renderDetails({ [key]: value }));
    }),
  );
}

export const renderEvent = ({ timeMs, source, change }: JobEvent): EventAnswer => ({
  time: formatTime(timeMs),
  source,
  change: renderChange(change),
});

/** Reads an event from an answer; `validation_error` for a bad time. */
export const readEvent = ({ time, source, change }: EventAnswer): JobEvent => ({
  timeMs: requireTime('time', time),
  source,
  change: Object.fromEntries(
    Object.entries(change as Record<string, unknown>).map(([field, value]) => readChange(field, value)),
  ),
});

const KEYS: Record<string, string> = Object.fromEntries(
  Object.entries(TIMES).map(([key, field]) => [field, key]),
);

function readChange(field: string, value: unknown): [key: string, value: unknown] {
  const time = KEYS[field];
  if (time !== undefined) return [time, value === null ? null : requireTime(field, String(value))];
  const key = keyOf(field);
  if (key === undefined) return [field, value];
  return [key, value === null ? null : readDetails({ [field]: value })?.[key]];
}

export const LIST_EVENTS = operation({
  id: 'listEvents',
  method: 'GET',
  path: '/v1/jobs/:jobId/events',
  tag: 'Jobs',
  access: 'read',
  summary: 'List the changes of a job and their sources, in the order in which they became known',
  parameters: [JOB_ID],
  answers: { 200: { schema: EventListAnswer, means: 'The changes; changes of usage are not included' } },
  errors: ['not_found', 'unavailable'],
  repeatable: 'always',
});
