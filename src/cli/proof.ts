import type { Whoami } from '../api/whoami.ts';
import { OperatorError } from '../domain/errors.ts';
import type { Config, SettingKey } from '../settings/table.ts';
import { askService, CONNECTION_SETTINGS, locateService } from './connection.ts';

/** The settings of commands that prove who runs them. */
export const PROOF_SETTINGS = [
  ...CONNECTION_SETTINGS,
  'cluster',
  'mungeSocket',
] as const satisfies readonly SettingKey[];
export type ProofConfig = Pick<Config, (typeof PROOF_SETTINGS)[number]>;

type Headers = Readonly<Record<string, string>>;

/** Who the user of a command is for the service. */
export interface Proven {
  readonly who: Whoami;
  /** Returns headers that prove it once; undefined if the connection or the token of the settings do. */
  readonly headers: () => Promise<Headers | undefined>;
}

/**
 * Asks the service who runs this command: by the connection itself or the token of the settings, and if these
 * prove nothing, by a MUNGE credential.
 */
export async function proveUser(config: ProofConfig): Promise<Proven> {
  const who = await askService(config, (client) => client.whoami());
  const headers = who.name === undefined ? await mungeHeaders(config, who) : undefined;
  if (!headers) return { who, headers: async () => undefined };
  return {
    who: await askService(config, (client) => client.whoami(), { headers: await headers() }),
    headers,
  };
}

/** Returns what makes a header with a new credential; undefined where MUNGE is not in use. */
async function mungeHeaders(
  config: ProofConfig,
  { cluster: itsCluster, ways }: Whoami,
): Promise<(() => Promise<Headers>) | undefined> {
  const { mungeAuthorization, mungeEncoder } = await import('../client/munge.ts');
  const encode = mungeEncoder({ socket: config.mungeSocket ?? undefined });
  const cluster = config.cluster ?? itsCluster;
  const isAccepted = ways.some(({ way, state }) => way === 'munge' && state === 'on');
  if (!encode || cluster === undefined || !isAccepted) return undefined;
  return async () => ({ authorization: await mungeAuthorization(locateService(config), cluster, encode) });
}

/** Returns what proves the user; OperatorError, the sentence of the service, if nothing does. */
export async function requireProof(config: ProofConfig): Promise<Proven> {
  const proven = await proveUser(config);
  if (proven.who.name === undefined) throw new OperatorError(proven.who.why);
  return proven;
}
