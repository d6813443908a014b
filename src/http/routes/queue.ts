import { Elysia } from 'elysia';
import { GET_QUEUE, renderQueue } from '../../api/queue.ts';
import type { Queues } from '../../domain/queue-keeper.ts';
import { callerContext, sightOf } from '../request/caller.ts';
import { describe } from '../response/operation.ts';

/** Serves the jobs that wait. */
export const queue = ({ queues }: { readonly queues: Pick<Queues, 'of'> }) =>
  new Elysia({ name: 'queue', normalize: false })
    .use(callerContext)
    .get(GET_QUEUE.path, async ({ caller }) => renderQueue(await queues.of(sightOf(caller))), {
      detail: describe(GET_QUEUE),
    });
