import { Elysia } from 'elysia';
import { type EventListAnswer, LIST_EVENTS, renderEvent } from '../../api/job-event.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { describe } from '../response/operation.ts';

/** Serves the changes of a job and their sources. */
export const events = ({ store }: { store: ViewStore }) =>
  new Elysia({ name: 'events', normalize: false }).use(callerContext).get(
    LIST_EVENTS.path,
    async ({ params: { jobId }, caller }): Promise<EventListAnswer> => ({
      job_id: jobId,
      events: (await viewOf(store, caller).listEvents(jobId)).map(renderEvent),
    }),
    { detail: describe(LIST_EVENTS) },
  );
