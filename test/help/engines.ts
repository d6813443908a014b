import { hasPostgres, startPostgres } from './postgres.ts';

/** An engine of the store, for tests that start the executable. */
interface Engine {
  readonly name: string;
  /** Returns the arguments of `serve` for an empty database, and ends what it needed. */
  place(): Promise<{ readonly args: readonly string[] } & AsyncDisposable>;
}

const SQLITE: Engine = {
  name: 'SQLite',
  place: async () => ({ args: [], [Symbol.asyncDispose]: async () => {} }),
};

const POSTGRES: Engine = {
  name: 'PostgreSQL',
  async place() {
    const server = await startPostgres();
    const args = ['--database', await server.newAddress()];
    return { args, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  },
};

/** Each engine that is installed. */
export const ENGINES: readonly Engine[] = hasPostgres() ? [SQLITE, POSTGRES] : [SQLITE];
