import type { Identity } from '../domain/caller.ts';
import { AppError, quote, refuseCredential } from '../domain/errors.ts';
import { MUNGE_SERVICE } from '../domain/munge.ts';
import { networkOf } from './address.ts';
import type { Arrived, IsMeant } from './audience.ts';
import { type Credential, TOO_MANY_CREDENTIALS, type Unmunge } from './unmunge.ts';
import type { Way } from './way.ts';

/** Anybody can send credentials that cost a program each; 68 of all are decoded or wait. */
const MAX_OF_SOURCE = 16;
const SCHEME = /^munge(?: +(.*))?$/i;

interface MungeOptions {
  readonly unmunge: Pick<Unmunge, 'decode'>;
  /** The cluster that credentials must name; undefined while it is not known. */
  readonly cluster: () => string | undefined;
  readonly isMeant: IsMeant;
  /** The name of a user, or one that no job has; undefined if it cannot be found at present. */
  readonly nameOf: (uid: number) => string | undefined | Promise<string | undefined>;
}

/**
 * `Authorization: Munge CREDENTIAL`, whose payload is `hpc-observe CLUSTER` or `hpc-observe CLUSTER HOST`. It
 * proves the user who made it, on any machine with the same key, for one request.
 */
export function mungeWay({ unmunge, cluster, isMeant, nameOf }: MungeOptions): Way {
  const places = placesOfSources();

  return ({ request, peer }) => {
    const shown = SCHEME.exec(request.headers.get('authorization') ?? '');
    if (!shown) return undefined;
    const leave = places.enter(peer?.kind === 'tcp' ? networkOf(peer.address) : '');
    return identify(shown[1] ?? '', { peer, requestHost: hostOf(request) }).finally(leave);
  };

  async function identify(text: string, arrived: Arrived): Promise<Identity> {
    // Before the credential is used up.
    const itsCluster = cluster();
    if (itsCluster === undefined) throw clusterUnknown();
    const credential = await unmunge.decode(text);
    const fault = findFault(credential, {
      cluster: itsCluster,
      host: arrived.requestHost,
      isMeant: (host) => isMeant(host, arrived),
    });
    if (fault !== undefined) throw refuseCredential('munge_refused', fault);
    const { uid } = credential;
    const name = await nameOf(uid);
    if (name === undefined) throw nameUnknown(uid);
    return { name, uid, proof: 'munge', isLocal: false };
  }
}

/** Of the credentials that are decoded or wait for it, one host has at most a quarter. */
function placesOfSources() {
  const inside = new Map<string, number>();
  return {
    enter(source: string): () => void {
      const count = inside.get(source) ?? 0;
      if (count >= MAX_OF_SOURCE) throw new AppError('unavailable', TOO_MANY_CREDENTIALS);
      inside.set(source, count + 1);
      return () => {
        const left = inside.get(source)! - 1;
        if (left === 0) inside.delete(source);
        else inside.set(source, left);
      };
    },
  };
}

interface Audience {
  readonly cluster: string;
  /** That of the request. */
  readonly host: string;
  /** Whether a credential for a host, as in a URL, was made for this service. */
  readonly isMeant: (host: string) => boolean;
}

/** Returns why a valid credential is not one for this service, as a sentence. */
export function findFault(
  { payload, encodedMs, decodedMs, ttlMs }: Credential,
  { cluster, host, isMeant }: Audience,
): string | undefined {
  const [service, itsCluster, itsHost, ...rest] = payload.split(' ');
  if (service !== MUNGE_SERVICE || itsCluster === undefined || rest.length > 0)
    return `The MUNGE credential was made for something else: its payload must be ${quote(`${MUNGE_SERVICE} ${cluster}`)}.`;
  if (itsCluster !== cluster)
    return `The MUNGE credential was made for the cluster ${quote(itsCluster)}; this is ${quote(cluster)}.`;
  if (itsHost !== undefined && !isMeant(itsHost))
    return (
      `The MUNGE credential was made for ${quote(itsHost)}, and this request went to ${quote(host)}. ` +
      'If both lead here, name the first with --public-url.'
    );
  // munged says so itself, unless it is told to ignore it.
  if (decodedMs > encodedMs + ttlMs) return 'The MUNGE credential has expired.';
  return undefined;
}

const hostOf = (request: Request): string => request.headers.get('host') ?? '';

const clusterUnknown = () =>
  new AppError(
    'unavailable',
    'The service does not know the name of its cluster yet, which MUNGE credentials have to name: Slurm does not ' +
      'answer. Set it with --cluster.',
  );

const nameUnknown = (uid: number) =>
  new AppError('unavailable', `The name of the user with the uid ${uid} cannot be looked up at the moment.`);
