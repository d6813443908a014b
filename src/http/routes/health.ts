import { Elysia } from 'elysia';
import type { Upkeep } from '../../domain/store/upkeep.ts';
import { formatTime } from '../../domain/time.ts';
import { operation } from '../response/operation.ts';

/** A disk that takes longer than this for one page counts as one that does not write. */
const PROBE_TIMEOUT_MS = 2000;

interface HealthOptions {
  readonly store: Pick<Upkeep, 'checkWritable'>;
  readonly now: () => number;
  readonly version: string;
}

/** Healthy only while the store can commit: every question commits one small write. */
export const health = ({ store, now, version }: HealthOptions) =>
  new Elysia({ name: 'health' }).get(
    '/v1/health',
    async ({ set }) => {
      const isHealthy = await canCommit(store);
      if (!isHealthy) set.status = 503;
      return { status: isHealthy ? 'healthy' : 'unhealthy', timestamp: formatTime(now()), version };
    },
    {
      detail: operation({
        operationId: 'getHealth',
        tag: 'Service',
        summary: 'Whether the service can keep what it is given',
        answers: {
          200: { schema: 'Health', means: 'It can' },
          503: {
            schema: 'Health',
            means: 'It cannot: the disk is full or failing, or the service is stopping',
          },
        },
        errors: [],
      }),
    },
  );

async function canCommit(store: Pick<Upkeep, 'checkWritable'>): Promise<boolean> {
  const { promise: expired, resolve: expire } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => expire(false), PROBE_TIMEOUT_MS);
  const probed = store.checkWritable().then(
    () => true,
    () => false,
  );
  const isHealthy = await Promise.race([probed, expired]);
  clearTimeout(timer);
  return isHealthy;
}
