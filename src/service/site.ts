import { hostname } from 'node:os';
import type { Site } from '../domain/site.ts';
import { readProgram } from '../program.ts';
import { parseListener } from '../settings/listener.ts';
import type { Config } from '../settings/table.ts';

const TIMEOUT_MS = 10_000;
const MAX_NAMES = 1000;

type SiteConfig = Pick<
  Config,
  | 'host'
  | 'listen'
  | 'clientListen'
  | 'publicUrl'
  | 'basePath'
  | 'serverNames'
  | 'corsOrigins'
  | 'frameAncestors'
>;
type NameConfig = Pick<SiteConfig, 'host' | 'listen' | 'clientListen' | 'publicUrl' | 'serverNames'>;

interface Listener {
  /** See `findNames`. */
  readonly names: ReadonlySet<string>;
  readonly isTls: boolean;
  readonly isUnix: boolean;
}

/** Returns how a listener is reached. */
export function siteOf(config: SiteConfig, { names, isTls, isUnix }: Listener): Site {
  const outside = config.publicUrl === null ? undefined : new URL(config.publicUrl);
  return {
    checksNames: !isUnix,
    names,
    isTls,
    publicOrigin: outside?.origin,
    basePath: basePathOf(config),
    otherOrigins: new Set(config.corsOrigins),
    frameAncestors: config.frameAncestors,
  };
}

/** Returns the path under which browsers reach the service; empty for the root. */
export const basePathOf = ({ basePath, publicUrl }: Pick<SiteConfig, 'basePath' | 'publicUrl'>): string =>
  basePath || (publicUrl === null ? '' : new URL(publicUrl).pathname.replace(/\/$/, ''));

/**
 * Returns the URL at which other machines reach the service, from its settings and the URLs of its listeners;
 * undefined if it listens at unix sockets only.
 */
export function outsideUrl(
  { publicUrl }: Pick<Config, 'publicUrl'>,
  listeners: readonly string[],
): string | undefined {
  if (publicUrl !== null) return publicUrl;
  const listener = listeners.find((url) => /^https?:/.test(url));
  if (listener === undefined) return undefined;
  const url = new URL(listener);
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = hostname();
  return url.href.replace(/\/$/, '');
}

/**
 * Returns the names of the service in lower case: those of the settings and of this machine. The full name
 * and the aliases are added as soon as the system's name service has answered.
 */
export function findNames({
  host,
  listen,
  clientListen,
  publicUrl,
  serverNames,
}: NameConfig): ReadonlySet<string> {
  const own = hostname();
  const names = new Set<string>();
  const add = (name: string) => void names.add(name.toLowerCase().replace(/\.$/, ''));
  for (const name of ['localhost', own, own.split('.')[0]!, host, ...serverNames]) add(name);
  for (const text of [...listen, ...clientListen]) {
    const listener = parseListener(text);
    if (listener?.kind === 'tcp') add(listener.host);
  }
  if (publicUrl !== null) add(new URL(publicUrl).hostname);
  void askForNames(own).then((found) => found.forEach(add));
  return names;
}

/** Asks the system for the names beside one of them; there are none where it does not answer. */
async function askForNames(name: string): Promise<string[]> {
  const getent = Bun.which('getent');
  if (getent === null) return [];
  try {
    const text = await readProgram([getent, 'hosts', name], { env: {}, timeoutMs: TIMEOUT_MS });
    return text
      .split('\n')
      .flatMap((line) => line.trim().split(/\s+/).slice(1))
      .slice(0, MAX_NAMES);
  } catch {
    return [];
  }
}
