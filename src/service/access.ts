import { userInfo } from 'node:os';
import { identifier } from '../access/identify.ts';
import type { Peer, Way } from '../access/way.ts';
import { ANYBODY, type Identity } from '../domain/caller.ts';
import { callerOf, type Known, type RoleRules } from '../domain/role.ts';
import type { AppOptions } from '../http/app.ts';
import type { Config } from '../settings/table.ts';

interface AccessOptions {
  readonly config: Pick<
    Config,
    'open' | 'admins' | 'viewers' | 'ingesters' | 'visibility' | 'metricsAccess' | 'healthAccess'
  >;
  readonly ways: readonly Way[];
  /** Resolves from memory for a name asked for lately. */
  readonly known: (identity: Identity) => Known | Promise<Known>;
  /** What Slurm says at present; undefined where it is not followed. */
  readonly slurm?: {
    /** The user that slurmctld runs as. */
    readonly user: () => string | undefined;
    /** Whether users may not see each other's jobs; true until it is known. */
    readonly hidesJobs: () => boolean;
  };
}

/** Returns how the app finds out who sends a request, and what the settings allow to whom. */
export function createAccess({ config, ways, known, slurm }: AccessOptions) {
  const policy = { health: config.healthAccess, metrics: config.metricsAccess };
  const own = userInfo().username;

  const rules = (): RoleRules => ({
    admins: config.admins,
    viewers: config.viewers,
    ingesters: config.ingesters,
    machineAdmins: ['root', own, slurm?.user() ?? 'root'],
    seesOwnOnly:
      config.visibility === 'own' || (config.visibility === 'auto' && (slurm?.hidesJobs() ?? false)),
  });

  const identify = identifier({
    ways,
    callerOf: async (identity) => callerOf(identity, rules(), await known(identity)),
  });

  return {
    /** What an app needs whose requests come from `peerOf`. */
    forListener: (
      peerOf: (request: Request, server: Bun.Server<unknown> | null) => Peer | undefined,
    ): Pick<AppOptions['access'], 'identify' | 'policy'> => ({
      policy,
      identify: config.open
        ? () => ANYBODY
        : (request, server, pathToken) => identify({ request, peer: peerOf(request, server), pathToken }),
    }),
  };
}
