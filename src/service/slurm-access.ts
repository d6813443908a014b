import type { Users } from '../access/users.ts';
import type { Upkeep } from '../domain/store/upkeep.ts';
import type { Log } from '../log.ts';
import type { Config } from '../settings/table.ts';
import { type SlurmAccess, watchAccess } from '../slurm/follow/access.ts';
import type { Metrics } from './metrics.ts';
import type { Slurm } from './slurm.ts';

/** The uid of the user that slurmctld runs as. */
const SLURM_UID = 'slurm_uid';
/** Slurm's configuration is read at every fourth poll of jobs. */
const POLLS = 4;

interface SlurmAccessOptions {
  readonly slurm: Pick<Slurm, 'commands'>;
  readonly config: Pick<Config, 'slurmIntervalMs'>;
  readonly store: Pick<Upkeep, 'readState' | 'saveState'>;
  readonly users: Pick<Users, 'nameOf'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'watchLoop'>;
}

/** Watches what Slurm says about users, and remembers the user of slurmctld until the next start. */
export async function startSlurmAccess({
  slurm,
  config,
  store,
  users,
  log,
  metrics,
}: SlurmAccessOptions): Promise<SlurmAccess> {
  const lastUid = await store.readState(SLURM_UID);
  const watched = watchAccess({
    commands: slurm.commands,
    warn: (event, fields) => log.warn(event, fields),
    lastUser: lastUid === undefined ? undefined : await users.nameOf(lastUid),
    async onUser(uid) {
      if (uid === lastUid) return;
      await store
        .saveState(SLURM_UID, uid)
        .catch((cause: unknown) => log.warn('slurm_user_not_saved', { cause }));
    },
    everyMs: POLLS * config.slurmIntervalMs,
  });
  metrics.watchLoop('slurm_access', watched.state);
  return watched;
}
