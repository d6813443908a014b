import type { Identity } from '../domain/caller.ts';
import { AppError, quote, refuseCredential } from '../domain/errors.ts';
import type { Credential, Unmunge } from './unmunge.ts';
import type { Way } from './way.ts';

/** The first word of every payload: a credential for another service is worth nothing here. */
const SERVICE = 'hpc-observe';
const SCHEME = /^munge(?: +(.*))?$/i;

interface MungeOptions {
  readonly unmunge: Pick<Unmunge, 'decode'>;
  /** The cluster that credentials must name; undefined while it is not known. */
  readonly cluster: () => string | undefined;
  /** Hosts beside that of the request that a credential may name, such as that of the public URL. */
  readonly hosts?: readonly string[];
  /** The name of a user of this machine; undefined if the uid has none. */
  readonly nameOf: (uid: number) => string | undefined | Promise<string | undefined>;
}

/**
 * `Authorization: Munge CREDENTIAL`, whose payload is `hpc-observe CLUSTER` or `hpc-observe CLUSTER HOST`. It
 * proves the user who made it, on any machine with the same key, for one request.
 */
export function mungeWay({ unmunge, cluster, hosts = [], nameOf }: MungeOptions): Way {
  return ({ request }) => {
    const shown = SCHEME.exec(request.headers.get('authorization') ?? '');
    return shown ? identify(shown[1] ?? '', request) : undefined;
  };

  async function identify(text: string, request: Request): Promise<Identity> {
    // Before the credential is used up.
    const name = cluster();
    if (name === undefined) throw clusterUnknown();
    const credential = await unmunge.decode(text);
    const fault = findFault(credential, { cluster: name, hosts: [hostOf(request), ...hosts] });
    if (fault !== undefined) throw refuseCredential('munge_refused', fault);
    const { uid } = credential;
    return { name: (await nameOf(uid)) ?? `uid-${uid}`, uid, proof: 'munge', isLocal: false };
  }
}

interface Audience {
  readonly cluster: string;
  /** As in URLs: with their ports, unless they are those of the scheme. */
  readonly hosts: readonly string[];
}

/** Returns why a valid credential is not one for this service, as a sentence. */
export function findFault(
  { payload, encodedMs, decodedMs, ttlMs }: Credential,
  { cluster, hosts }: Audience,
): string | undefined {
  const [service, itsCluster, itsHost, ...rest] = payload.split(' ');
  if (service !== SERVICE || itsCluster === undefined || rest.length > 0)
    return `The MUNGE credential was made for something else: its payload must be ${quote(`${SERVICE} ${cluster}`)}.`;
  if (itsCluster !== cluster)
    return `The MUNGE credential was made for the cluster ${quote(itsCluster)}; this is ${quote(cluster)}.`;
  if (itsHost !== undefined && !hosts.some((host) => host.toLowerCase() === itsHost.toLowerCase()))
    return `The MUNGE credential was made for ${quote(itsHost)}, and this request went to ${quote(hosts[0] ?? '')}.`;
  // munged says so itself, unless it is told to ignore it.
  if (decodedMs > encodedMs + ttlMs) return 'The MUNGE credential has expired.';
  return undefined;
}

const hostOf = (request: Request): string => request.headers.get('host') ?? new URL(request.url).host;

const clusterUnknown = () =>
  new AppError(
    'unavailable',
    'The service does not know the name of its cluster yet, which MUNGE credentials have to name: Slurm does not ' +
      'answer. Set it with --cluster.',
  );
