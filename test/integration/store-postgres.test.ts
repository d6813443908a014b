import { afterAll, test } from 'bun:test';
import { openPostgres } from '../../src/store/postgres/open.ts';
import { hasPostgres, startPostgres } from '../help/postgres.ts';
import { describeStore } from '../store/contract.ts';

// Here and not in test/store, because a server takes longer than all fast tests.
if (hasPostgres()) {
  const server = startPostgres();
  afterAll(async () => (await server)[Symbol.asyncDispose]());
  for (const section of ['jobs', 'lists', 'runs', 'samples', 'views', 'policies'] as const)
    describeStore('PostgreSQL', section, () => {
      const address = server.then(({ newAddress }) => newAddress());
      return {
        open: async (options) => openPostgres(await address, options),
        [Symbol.dispose]: () => {},
      };
    });
} else test.skip('PostgreSQL keeps the promises of every engine', () => {});
