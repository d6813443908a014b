import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { serve } from '../help/executable.ts';
import {
  type Burden,
  describeBurden,
  MAX_MEMORY_MB,
  MAX_WAIT_MS,
  startNeighbour,
  worstWaitMs,
} from '../help/neighbours.ts';
import { PLACES } from './neighbours/places.ts';

// No request may stop the service for the others: each case runs while a
// neighbour, in a process of its own, asks for /v1/health, posts a sample
// and scrapes. NEIGHBOURS=text runs only the cases whose name has the text.

/** To make a database of 1,000,000 jobs, on a busy machine. */
const BUILD_MS = 900_000;
/** The machine of a test is anybody's; `run bench --only neighbours` holds the limits themselves. */
const TOLERANCE = 2;
/**
 * Garbage is collected when the engine thinks fit: the same case takes 290 MB in one run and 345 in another.
 */
const MEMORY_TOLERANCE = 1.4;
const wanted = process.env.NEIGHBOURS ?? '';
const seen: { name: string; burden: Burden }[] = [];

for (const { name: place, folder: makeFolder, cases, surroundings } of PLACES) {
  const named = cases
    .map((one) => ({ ...one, name: `${place}: ${one.endpoint}, ${one.use}` }))
    .filter(({ name }) => name.includes(wanted));
  if (named.length === 0) continue;

  describe(place, () => {
    let folder: Awaited<ReturnType<typeof makeFolder>>;
    let parts: Awaited<ReturnType<typeof start>> | undefined;

    async function start() {
      const beside = surroundings?.();
      const args = ['--log-level', 'error', ...(beside?.args ?? [])];
      const server = await serve({ folder: folder.path, args });
      return { server, neighbour: await startNeighbour(server), beside };
    }

    async function end() {
      await parts?.neighbour[Symbol.asyncDispose]();
      await parts?.server[Symbol.asyncDispose]();
      await parts?.beside?.[Symbol.asyncDispose]();
      parts = undefined;
    }

    beforeAll(async () => {
      folder = await makeFolder();
    }, BUILD_MS);
    afterAll(async () => {
      await end();
      folder[Symbol.dispose]();
    });

    test.each(named)('$name keeps nobody waiting', async ({ name, run, limits = {} }) => {
      parts ??= await start();
      const { server, neighbour } = parts;
      const burden = await neighbour
        .measure(() => run(server.url), limits)
        .catch(async (error) => {
          // The next case gets a service that lives.
          await end();
          throw error;
        });
      seen.push({ name, burden });
      expect(burden.faults, name).toEqual([]);
      expect(worstWaitMs(burden), `${name}: longest wait in ms, ${describeBurden(burden)}`).toBeLessThan(
        TOLERANCE * (limits.waitMs ?? MAX_WAIT_MS),
      );
      expect(burden.memoryMb, `${name}: most memory in MB`).toBeLessThan(
        MEMORY_TOLERANCE * (limits.memoryMb ?? MAX_MEMORY_MB),
      );
    });
  });
}

afterAll(() => {
  const worst = seen.toSorted((one, other) => worstWaitMs(other.burden) - worstWaitMs(one.burden));
  for (const { name, burden } of worst) console.log(`${describeBurden(burden)}  ${name}`);
});
