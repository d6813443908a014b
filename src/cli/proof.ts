import type { Whoami } from '../api/whoami.ts';
import { OperatorError } from '../domain/errors.ts';
import type { Config, SettingKey } from '../settings/table.ts';
import { askService, CONNECTION_SETTINGS, describePlace, locateService } from './connection.ts';

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
  const { who, url } = await askService(config, async (client) => ({
    who: await client.whoami(),
    url: client.url,
  }));
  const headers = who.name === undefined ? await mungeHeaders(config, who, url) : undefined;
  if (!headers) return { who, headers: async () => undefined };
  return {
    who: await askService(config, (client) => client.whoami(), { headers: await headers() }),
    headers,
  };
}

/** Returns what makes a header with a new credential for the service at `url`; undefined without MUNGE. */
async function mungeHeaders(
  config: ProofConfig,
  { cluster: itsCluster, ways }: Whoami,
  url: string,
): Promise<(() => Promise<Headers>) | undefined> {
  const { mungeAuthorization, mungeEncoder } = await import('../client/munge.ts');
  const encode = mungeEncoder({ socket: config.mungeSocket ?? undefined });
  const cluster = config.cluster ?? itsCluster;
  const isAccepted = ways.some(({ way, state }) => way === 'munge' && state === 'on');
  if (!encode || cluster === undefined || !isAccepted) return undefined;
  return async () => ({ authorization: await mungeAuthorization({ url }, cluster, encode) });
}

/** Returns what proves the user; OperatorError, which says what to do, if nothing does. */
export async function requireProof(config: ProofConfig): Promise<Proven> {
  const proven = await proveUser(config);
  if (proven.who.name !== undefined) return proven;
  const place = describePlace(locateService(config));
  throw new OperatorError(
    `The service at ${place} does not know who you are: ${await whyNoMunge(config, proven.who)}. Run this on its ` +
      'machine, or ask an administrator for a token (hpc-observe token create) and name the file that has it with ' +
      '--token-file or HPC_OBSERVE_TOKEN_FILE.',
  );
}

/** Returns the user whose jobs are one's own; undefined for a token, whose name is not that of a user. */
export const ownUser = ({ name, proof }: Whoami): string | undefined =>
  proof === 'token' ? undefined : name;

/** Says why MUNGE does not prove the user. */
async function whyNoMunge(config: ProofConfig, { cluster, ways }: Whoami): Promise<string> {
  const { mungeEncoder } = await import('../client/munge.ts');
  const state = ways.find(({ way }) => way === 'munge')?.state ?? 'off: it is not set up';
  if (state !== 'on') return `MUNGE is ${state.replace(/\.$/, '')}`;
  if (!mungeEncoder()) return 'the program munge is not installed on this machine';
  if ((config.cluster ?? cluster) === undefined)
    return 'it has no name for its cluster yet, which --cluster gives';
  return 'a MUNGE credential did not say it';
}
