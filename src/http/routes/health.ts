import { Elysia } from 'elysia';
import { GET_HEALTH, renderHealth } from '../../api/health.ts';
import type { Upkeep } from '../../domain/store/upkeep.ts';
import { describe } from '../response/operation.ts';

/** A disk that takes longer to write one page counts as failing. */
const PROBE_TIMEOUT_MS = 2000;

interface HealthOptions {
  readonly store: Pick<Upkeep, 'checkWritable'>;
  readonly now: () => number;
  readonly version: string;
}

/** Reports whether the store can commit; each request commits one small write. */
export const health = ({ store, now, version }: HealthOptions) =>
  new Elysia({ name: 'health' }).get(
    GET_HEALTH.path,
    async ({ set }) => {
      const isHealthy = await canCommit(store);
      if (!isHealthy) set.status = 503;
      return renderHealth({ isHealthy, nowMs: now(), version });
    },
    { detail: describe(GET_HEALTH) },
  );

async function canCommit(store: HealthOptions['store']): Promise<boolean> {
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
