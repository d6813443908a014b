import { Elysia } from 'elysia';
import { fieldOf, renderDetails } from '../../api/detail.ts';
import type { JobEvent, RunStore } from '../../domain/store/runs.ts';
import { formatTime } from '../../domain/time.ts';
import { JOB_ID } from '../response/openapi.ts';
import { operation } from '../response/operation.ts';

const TIMES: Record<string, string> = { startTimeMs: 'start_time', endTimeMs: 'end_time' };

/** What changed, under the names that the fields of a job have in answers. */
function renderChange(change: JobEvent['change']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(change).flatMap(([key, value]) => {
      const time = TIMES[key];
      if (time) return [[time, value === null ? null : formatTime(value as number)]];
      const field = fieldOf(key);
      // The state, the user and the nodes are named alike.
      if (field === undefined) return [[key, value]];
      return value === null ? [[field, null]] : Object.entries(renderDetails({ [key]: value }));
    }),
  );
}

const renderEvent = ({ timeMs, source, change }: JobEvent) => ({
  time: formatTime(timeMs),
  source,
  change: renderChange(change),
});

/** Tells what changed of a job, and who said so. */
export const events = ({ store }: { store: Pick<RunStore, 'listEvents'> }) =>
  new Elysia({ name: 'events', normalize: false }).get(
    '/v1/jobs/:jobId/events',
    async ({ params: { jobId } }) => ({
      job_id: jobId,
      events: (await store.listEvents(jobId)).map(renderEvent),
    }),
    {
      detail: operation({
        operationId: 'listEvents',
        tag: 'Jobs',
        summary: 'What changed of a job and who said so, in the order in which it came to be known',
        parameters: [JOB_ID],
        answers: { 200: { schema: 'EventList', means: 'The changes; usage is not among them' } },
        errors: ['not_found', 'unavailable'],
      }),
    },
  );
