import { Elysia } from 'elysia';
import { GET_HEALTH, renderHealth } from '../../api/health.ts';
import { WriterElsewhere } from '../../domain/errors.ts';
import type { DutyStore } from '../../domain/store/duty.ts';
import type { Upkeep } from '../../domain/store/upkeep.ts';
import { describe } from '../response/operation.ts';

/** A disk that takes longer to write one page counts as failing. */
const PROBE_TIMEOUT_MS = 2000;

interface HealthOptions {
  readonly store: Pick<Upkeep, 'checkWritable'> & Pick<DutyStore, 'duty' | 'isShared'>;
  readonly now: () => number;
  readonly version: string;
}

/**
 * Reports whether the store can commit; each request commits one small write. A service is healthy, too,
 * while another one writes to its database.
 */
export const health = ({ store, now, version }: HealthOptions) =>
  new Elysia({ name: 'health' }).get(
    GET_HEALTH.path,
    async ({ set }) => {
      const isHealthy = await canServe(store);
      if (!isHealthy) set.status = 503;
      return renderHealth({
        isHealthy,
        nowMs: now(),
        version,
        ...(store.isShared && { duty: store.duty() }),
      });
    },
    { detail: describe(GET_HEALTH) },
  );

async function canServe(store: HealthOptions['store']): Promise<boolean> {
  const { promise: expired, resolve: expire } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => expire(false), PROBE_TIMEOUT_MS);
  const probed = store.checkWritable().then(
    () => true,
    (error) => error instanceof WriterElsewhere,
  );
  const isHealthy = await Promise.race([probed, expired]);
  clearTimeout(timer);
  return isHealthy;
}
