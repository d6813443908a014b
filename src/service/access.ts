import { networkInterfaces } from 'node:os';
import { countAttempts, sourceOf } from '../access/attempts.ts';
import { createAudience } from '../access/audience.ts';
import { type FindOwner, ownerFinder } from '../access/kernel.ts';
import { openSockets } from '../access/libc.ts';
import { mungeWay } from '../access/munge.ts';
import { mungeState } from '../access/munge-state.ts';
import { rememberOwners } from '../access/owner-memory.ts';
import { findInTables, tableReader } from '../access/proc-net.ts';
import { trustsWholeMachine } from '../access/proxy.ts';
import { createUnmunge } from '../access/unmunge.ts';
import { createUsers, type Users } from '../access/users.ts';
import type { Reception } from '../api/whoami.ts';
import { DEFAULT_CLUSTER } from '../domain/munge.ts';
import type { Upkeep } from '../domain/store/upkeep.ts';
import type { Log } from '../log.ts';
import type { Config } from '../settings/table.ts';
import type { SlurmAccess } from '../slurm/follow/access.ts';
import { type Callers, knowCallers } from './callers.ts';
import type { Place } from './listeners.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';
import type { Slurm } from './slurm.ts';
import { startSlurmAccess } from './slurm-access.ts';
import { refuseStrangers } from './strangers.ts';
import { createWays, joinWays, type ShownWays } from './ways.ts';

/** A command of Slurm that still runs then is left alone. */
const STOP_MS = 2000;

type AccessConfig = Pick<
  Config,
  | 'open'
  | 'admins'
  | 'viewers'
  | 'ingesters'
  | 'visibility'
  | 'coordinators'
  | 'metricsAccess'
  | 'healthAccess'
  | 'trustedProxies'
  | 'userHeader'
  | 'slurmIntervalMs'
  | 'publicUrl'
  | 'cluster'
  | 'peers'
  | 'mungeSocket'
  | 'clientCa'
  | 'clientRole'
>;

interface AccessPartOptions {
  readonly config: AccessConfig;
  readonly places: readonly Place[];
  /** The names of the service. */
  readonly names: ReadonlySet<string>;
  /** The ways of secrets that requests show. */
  readonly shown: ShownWays;
  readonly slurm: Slurm;
  readonly store: Pick<Upkeep, 'readState' | 'saveState'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'observeIgnoredHeader' | 'observeRefusal' | 'watchLoop'>;
}

interface RunningAccess extends Callers {
  readonly describeReception: () => Reception;
  readonly nameOfUser: Users['nameOf'];
  /** Whether MUNGE proves callers of other machines, for the start message. */
  readonly munge: string;
  readonly slurm: SlurmAccess | undefined;
  /** The users who coordinate an account, by the settings and by Slurm. */
  readonly coordinatorsOf: (account: string) => readonly string[];
}

/** Who calls, and what they may do. Does not start where strangers could call and nobody could say who. */
export function accessPart({
  config,
  places,
  names,
  shown,
  slurm,
  store,
  log,
  metrics,
}: AccessPartOptions): Part<RunningAccess> {
  return {
    name: 'access',
    stopWithinMs: STOP_MS,
    async start() {
      if (trustsWholeMachine(config.trustedProxies))
        log.warn('trusted_proxy_is_this_machine', {
          message: `Every user of this machine can send ${config.userHeader}. Trust the user that runs the proxy instead, such as user:www-data.`,
        });
      const users = await createUsers({ now: () => performance.now() });
      const findOwner = createOwnerFinder(log);
      const attempts = countAttempts({
        now: () => performance.now(),
        warn: (event, fields) => log.warn(event, fields),
        observe: metrics.observeRefusal,
      });
      let watched: SlurmAccess | undefined;
      const cluster = () => config.cluster ?? (slurm.isFollowed ? watched?.cluster() : DEFAULT_CLUSTER);
      const munge = createMunge(config, names, users, cluster);
      const ways = createWays({
        config,
        munge,
        users,
        findOwner,
        shown,
        onIgnoredHeader: metrics.observeIgnoredHeader,
      });
      await refuseStrangers({ places, ways, isOpen: config.open });
      if (slurm.isFollowed && !config.open)
        watched = await startSlurmAccess({ slurm, config, store, users, log, metrics });
      const hasGroups = [config.admins, config.viewers, config.ingesters].flat().some(isGroup);
      const callers = knowCallers({
        config,
        own: users.own,
        ways: [joinWays(ways, config)],
        refuse: async (refusal, peer) => attempts.refuse(refusal, await sourceOf(peer, findOwner)),
        known({ name, role, groups = [] }) {
          const accounts = accountsOf(name, config.coordinators, watched);
          // Without a rule about groups nobody's groups are looked up.
          if (!hasGroups || role !== undefined) return { groups, accounts };
          const found = users.groupsOf(name);
          return found instanceof Promise
            ? found.then((more) => ({ groups: [...groups, ...more], accounts }))
            : { groups: [...groups, ...found], accounts };
        },
        ...(watched && { slurm: watched }),
      });
      const describeReception = () => ({
        cluster: cluster(),
        ways: ways.map(({ name, state }) => ({ way: name, state: state() })),
        ...(config.peers.length > 0 && { peers: config.peers.map((peer) => peer.split('=')[0]!) }),
      });
      return {
        ...callers,
        describeReception,
        nameOfUser: users.nameOf,
        munge: config.open ? 'not used (--open)' : await munge.state.ask(),
        slurm: watched,
        coordinatorsOf: (account) => coordinatorsOf(account, config.coordinators, watched),
      };
    },
    stop: ({ slurm: watched }) => watched?.stop(),
  };
}

/** The way of MUNGE, with the names of users as this machine has them. */
function createMunge(
  { publicUrl, mungeSocket }: Pick<Config, 'publicUrl' | 'mungeSocket'>,
  names: ReadonlySet<string>,
  { nameOf }: Users,
  cluster: () => string | undefined,
) {
  const unmunge = createUnmunge({ socket: mungeSocket ?? undefined });
  const isMeant = createAudience({
    names,
    publicHosts: publicUrl === null ? [] : [new URL(publicUrl).host],
    ownAddresses,
  });
  return {
    way: mungeWay({ unmunge, cluster, isMeant, nameOf }),
    state: mungeState(unmunge, () => performance.now()),
  };
}

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((own) => own?.map(({ address }) => address) ?? []);

const isGroup = (name: string): boolean => name.startsWith('@');

/** The Slurm accounts that a user coordinates, by the settings and by Slurm. */
function accountsOf(
  name: string,
  coordinators: readonly string[],
  slurm: SlurmAccess | undefined,
): readonly string[] {
  const own = coordinators.filter((pair) => pair.startsWith(`${name}=`));
  return [...own.map((pair) => pair.slice(name.length + 1)), ...(slurm?.accountsOf(name) ?? [])];
}

function coordinatorsOf(
  account: string,
  coordinators: readonly string[],
  slurm: SlurmAccess | undefined,
): readonly string[] {
  const own = coordinators.filter((pair) => pair.endsWith(`=${account}`));
  const named = own.map((pair) => pair.slice(0, pair.length - account.length - 1));
  return [...new Set([...named, ...(slurm?.coordinatorsOf(account) ?? [])])];
}

/** Finds the users behind connections of this machine: with netlink, or else in /proc. */
function createOwnerFinder(log: Log): FindOwner {
  try {
    const sockets = openSockets();
    return rememberOwners(ownerFinder(sockets), sockets.connection);
  } catch (cause) {
    log.warn('netlink_not_usable', {
      cause,
      message:
        'Callers of this machine are looked up in /proc/net/tcp, which takes longer, and not at a wildcard address.',
    });
    const read = tableReader();
    return ownerFinder({
      find: async (ends) => findInTables(await read(), ends),
      localAddress: undefined,
    });
  }
}
