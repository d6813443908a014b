import { Elysia } from 'elysia';
import { GET_HEALTH, renderHealth } from '../../api/health.ts';
import type { DutyStore } from '../../domain/store/duty.ts';
import type { Upkeep } from '../../domain/store/upkeep.ts';
import { describe } from '../response/operation.ts';

/** A disk that takes longer to write one page counts as failing. */
const PROBE_TIMEOUT_MS = 2000;

interface HealthOptions {
  readonly store: Pick<Upkeep, 'checkWritable' | 'readState'> & Pick<DutyStore, 'duty' | 'isShared'>;
  readonly now: () => number;
  readonly version: string;
}

/**
 * Reports whether the store can commit; each request commits one small write. A service whose database
 * another one writes to is healthy while it can read.
 */
export const health = ({ store, now, version }: HealthOptions) =>
  new Elysia({ name: 'health' }).get(
    GET_HEALTH.path,
    async ({ set }) => {
      const duty = store.duty();
      const isHealthy = await isSoon(duty === 'writer' ? store.checkWritable() : store.readState('health'));
      if (!isHealthy) set.status = 503;
      return renderHealth({ isHealthy, nowMs: now(), version, ...(store.isShared && { duty }) });
    },
    { detail: describe(GET_HEALTH) },
  );

/** Whether `probe` succeeds in time. */
async function isSoon(probe: Promise<unknown>): Promise<boolean> {
  const { promise: expired, resolve: expire } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => expire(false), PROBE_TIMEOUT_MS);
  const probed = probe.then(
    () => true,
    () => false,
  );
  const isHealthy = await Promise.race([probed, expired]);
  clearTimeout(timer);
  return isHealthy;
}
