import { identifier } from '../access/identify.ts';
import type { Arrival, Peer, Way } from '../access/way.ts';
import { ANYBODY, type Caller, type Identity, NOBODY } from '../domain/caller.ts';
import { narrowTo } from '../domain/clusters/narrow.ts';
import type { AppError, CredentialRefused } from '../domain/errors.ts';
import { isIdentity } from '../domain/identity.ts';
import { callerOf, type Known, type RoleRules } from '../domain/role.ts';
import type { AppOptions } from '../http/app.ts';
import type { Config } from '../settings/table.ts';
import type { SlurmAccess } from '../slurm/follow/access.ts';
import { FOR_HEADER } from './peers.ts';

/** How long a change in Slurm's configuration is overlooked once it was read. */
const RULES_MS = 1000;
const READS: readonly string[] = ['GET', 'HEAD'];

type CallerConfig = Pick<
  Config,
  'open' | 'admins' | 'viewers' | 'ingesters' | 'visibility' | 'metricsAccess' | 'healthAccess'
>;

interface CallerOptions {
  readonly config: CallerConfig;
  /** The user that the service runs as. */
  readonly own: string;
  readonly ways: readonly Way[];
  /** Records a refused credential, and returns what to answer. */
  readonly refuse: (refusal: CredentialRefused, peer: Peer | undefined) => Promise<AppError>;
  /** Resolves from memory for a name asked for lately. */
  readonly known: (identity: Identity) => Known | Promise<Known>;
  /** What Slurm says at present; undefined where it is not followed. */
  readonly slurm?: Pick<SlurmAccess, 'user' | 'hidesJobs'>;
}

type PeerOf = (request: Request, server: Bun.Server<unknown> | null) => Peer | undefined;

export interface Callers {
  /** What an app needs whose requests come from `peerOf`. */
  forListener(peerOf: PeerOf): Pick<AppOptions['access'], 'identify' | 'policy' | 'refuse'>;
  /** Says who may do what, for the start message. */
  readonly summary: string;
}

/** Returns how the app finds out who sends a request, and what the settings allow to whom. */
export function knowCallers({ config, own, ways, refuse, known, slurm }: CallerOptions): Callers {
  const policy = { health: config.healthAccess, metrics: config.metricsAccess };

  const rules = remembered(
    (): RoleRules => ({
      admins: config.admins,
      viewers: config.viewers,
      ingesters: config.ingesters,
      machineAdmins: ['root', own, slurm?.user() ?? 'root'],
      seesOwnOnly:
        config.visibility === 'own' || (config.visibility === 'auto' && (slurm?.hidesJobs() ?? false)),
    }),
  );

  function judge(identity: Identity): Caller | Promise<Caller> {
    const found = known(identity);
    return found instanceof Promise
      ? found.then((ready) => callerOf(identity, rules(), ready))
      : callerOf(identity, rules(), found);
  }
  const identify = identifier({ ways, callerOf: judge });

  /** The service of another cluster reads for one of its users. */
  async function identifyFor(user: string, arrival: Arrival): Promise<Caller> {
    const name = decodeName(user);
    if (name === undefined || !READS.includes(arrival.request.method)) return NOBODY;
    const asker = await identify(arrival);
    return narrowTo(asker, await judge({ name, proof: 'token', isLocal: false })) ?? NOBODY;
  }

  return {
    forListener: (peerOf) => ({
      policy,
      refuse: (refusal, request, server) => refuse(refusal, peerOf(request, server)),
      identify: config.open
        ? () => ANYBODY
        : (request, server, pathToken) => {
            const arrival = new LazyArrival(request, server, pathToken, peerOf);
            const user = request.headers.get(FOR_HEADER);
            return user === null ? identify(arrival) : identifyFor(user, arrival);
          },
    }),
    summary: describeAccess(config, own, slurm !== undefined),
  };
}

/** Headers are ASCII: other letters of a name come percent-encoded. Undefined for what is no name. */
function decodeName(text: string): string | undefined {
  try {
    const name = decodeURIComponent(text);
    return isIdentity(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Returns `read` with a memory of a second: what Slurm says changes seldom, and is parsed at each call. */
function remembered<Value>(read: () => Value): () => Value {
  let value: Value | undefined;
  let untilMs = 0;
  return () => {
    const nowMs = performance.now();
    if (value === undefined || nowMs >= untilMs) {
      value = read();
      untilMs = nowMs + RULES_MS;
    }
    return value;
  };
}

/** An arrival whose peer is asked for when a way needs it: that costs as much as a whole way. */
class LazyArrival implements Arrival {
  private found: Peer | null | undefined;

  constructor(
    readonly request: Request,
    private readonly server: Bun.Server<unknown> | null,
    readonly pathToken: string | undefined,
    private readonly peerOf: PeerOf,
  ) {}

  get peer(): Peer | undefined {
    if (this.found === undefined) this.found = this.peerOf(this.request, this.server) ?? null;
    return this.found ?? undefined;
  }
}

function describeAccess(
  { open, visibility, admins }: Pick<CallerConfig, 'open' | 'visibility' | 'admins'>,
  own: string,
  isSlurmFollowed: boolean,
): string {
  if (open) return 'everybody may read and change everything (--open)';
  const sight =
    visibility === 'own'
      ? 'their own jobs'
      : visibility === 'auto' && isSlurmFollowed
        ? 'the jobs that squeue shows them'
        : 'all jobs';
  const all = new Set(['root', own, ...(isSlurmFollowed ? ['SlurmUser'] : []), ...admins]);
  return `users of this machine read ${sight}; admins: ${[...all].join(', ')}`;
}
