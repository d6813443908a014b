import { existsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { ListedToken } from '../api/token.ts';
import { isPostgresAddress, withoutPassword } from '../domain/database-address.ts';
import { AppError, DatabaseInUse, OperatorError } from '../domain/errors.ts';
import { auditEntry } from '../domain/store/access.ts';
import type { Store } from '../domain/store/store.ts';
import type { NewToken } from '../domain/token.ts';
import { DATABASE_KEYS, locateDatabase } from '../settings/database.ts';
import type { Config, SettingKey } from '../settings/table.ts';
import { askService, describePlace, locateService, NoService } from './connection.ts';
import { PROOF_SETTINGS, requireProof } from './proof.ts';

/** The settings of the commands about tokens. */
export const TOKEN_SETTINGS = [...PROOF_SETTINGS, ...DATABASE_KEYS] as const satisfies readonly SettingKey[];
type TokenConfig = Pick<Config, (typeof TOKEN_SETTINGS)[number]>;

/** The tokens of a service, or those in a database that no service has open. */
interface TokenPlace {
  create(token: NewToken): Promise<{ readonly token: ListedToken; readonly secret: string }>;
  list(): Promise<readonly ListedToken[]>;
  revoke(name: string): Promise<void>;
  /** The database if no service runs: its path, or its address without the password. */
  readonly database?: string;
}

/**
 * Runs a command on the tokens of the running service, as the user of the command, or else on those in the
 * database: the first token is needed before the service may be reached from other machines.
 */
export async function useTokens<Value>(
  config: TokenConfig,
  run: (tokens: TokenPlace) => Promise<Value>,
): Promise<Value> {
  try {
    const { headers } = await requireProof(config);
    const ask = async <Answer>(call: Parameters<typeof askService<Answer>>[1]) =>
      askService(config, call, { headers: await headers() });
    return await run({
      create: (token) => ask((client) => client.createToken(token)),
      list: () => ask((client) => client.listTokens()),
      revoke: (name) => ask((client) => client.revokeToken(name)),
    });
  } catch (error) {
    if (!(error instanceof NoService) || config.server !== null) throw error;
    return useDatabase(locateDatabase(config), describePlace(locateService(config)), run);
  }
}

async function useDatabase<Value>(
  location: string,
  place: string,
  run: (tokens: TokenPlace) => Promise<Value>,
): Promise<Value> {
  const isFile = !isPostgresAddress(location);
  const name = isFile ? resolve(location) : withoutPassword(location);
  if (isFile) requireOwner(name);
  const store = await open(location, name, place);
  try {
    return await run(await tokensIn(store, name));
  } catch (error) {
    if (error instanceof AppError) throw new OperatorError(error.message, { cause: error });
    throw error;
  } finally {
    await store.close();
  }
}

/** Another user, such as root, would leave files that the service cannot open. */
function requireOwner(database: string): void {
  const present = [database, dirname(database)].find((path) => existsSync(path));
  const owner = present === undefined ? undefined : statSync(present).uid;
  if (owner === undefined || owner === process.geteuid?.()) return;
  throw new OperatorError(
    `No service runs, and ${present} belongs to the user with the number ${owner}. Start the service, or run this command as ` +
      `that user: sudo -u '#${owner}' hpc-observe …`,
  );
}

async function open(location: string, name: string, place: string): Promise<Store> {
  // Imported here, so that the help of this command does not load the store.
  const { openStore } = await import('../store/open.ts');
  try {
    return await openStore(location, {});
  } catch (error) {
    if (!(error instanceof DatabaseInUse)) throw error;
    throw new OperatorError(
      `A service has ${name} open, but none answers at ${place}: give its URL with --server, or its settings with --config.`,
      { cause: error },
    );
  }
}

async function tokensIn(store: Store, name: string): Promise<TokenPlace> {
  const { createToken } = await import('../access/token.ts');
  // The kernel knows who runs this command, as it knows who sends a request.
  const by = { name: userInfo().username, proof: 'kernel' } as const;
  return {
    database: name,
    create: (token) => createToken(store, token, by, Date.now()),
    list: async () => (await store.loadAccess(Date.now())).tokens,
    revoke: (name) => store.revokeToken(name, auditEntry(by, 'token_revoked', name, Date.now())),
  };
}
