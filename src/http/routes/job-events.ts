import { Elysia } from 'elysia';
import { type EventListAnswer, LIST_EVENTS, renderEvent } from '../../api/job-event.ts';
import type { RunStore } from '../../domain/store/runs.ts';
import { describe } from '../response/operation.ts';

/** Serves the changes of a job and their sources. */
export const events = ({ store }: { store: Pick<RunStore, 'listEvents'> }) =>
  new Elysia({ name: 'events', normalize: false }).get(
    LIST_EVENTS.path,
    async ({ params: { jobId } }): Promise<EventListAnswer> => ({
      job_id: jobId,
      events: (await store.listEvents(jobId)).map(renderEvent),
    }),
    { detail: describe(LIST_EVENTS) },
  );
