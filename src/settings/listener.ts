/** Where the service listens. */
export type Listener = TcpListener | UnixListener;

export interface TcpListener {
  readonly kind: 'tcp';
  /** A numeric address without brackets, or the name of a host. */
  readonly host: string;
  readonly port: number;
  /** Whether it speaks no TLS even if the service has a certificate. */
  readonly isPlain?: true;
}

export interface UnixListener {
  readonly kind: 'unix';
  readonly path: string;
  /** Permissions of the socket's file. */
  readonly mode: number;
  /** The name or number of the group that the file gets. */
  readonly group: string | undefined;
}

/** Only the service's own user may connect. */
const DEFAULT_MODE = 0o600;
/** The longest path of a socket on Linux: unix(7). */
const MAX_PATH_BYTES = 107;

const PLAIN = 'http://';

/**
 * Reads `ADDRESS:PORT`, `[ADDRESS]:PORT`, both also with `http://` before, or
 * `unix:PATH?mode=0660&group=slurm`; undefined if it is none of them.
 */
export function parseListener(text: string): Listener | undefined {
  return text.startsWith('unix:') ? parseUnix(text.slice('unix:'.length)) : parseTcp(text);
}

/** Writes a listener as the setting `listen` takes it, without the options of a socket. */
export const describeListener = (listener: Listener): string =>
  listener.kind === 'unix'
    ? `unix:${listener.path}`
    : `${listener.host.includes(':') ? `[${listener.host}]` : listener.host}:${listener.port}`;

function parseTcp(text: string): TcpListener | undefined {
  const isPlain = text.startsWith(PLAIN);
  const place = isPlain ? text.slice(PLAIN.length) : text;
  const [, ipv6, name, digits] = /^(?:\[([^[\]]+)\]|([^:[\]/]+)):(\d{1,5})$/.exec(place) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  return host !== undefined && port <= 65_535
    ? { kind: 'tcp', host, port, ...(isPlain && { isPlain }) }
    : undefined;
}

function parseUnix(text: string): UnixListener | undefined {
  const [path = '', query = '', ...rest] = text.split('?');
  if (!path.startsWith('/') || Buffer.byteLength(path) > MAX_PATH_BYTES || rest.length > 0) return undefined;
  const options = new URLSearchParams(query);
  const mode = options.get('mode') ?? DEFAULT_MODE.toString(8);
  const group = options.get('group') ?? undefined;
  const isKnown = [...options.keys()].every((key) => key === 'mode' || key === 'group');
  if (!isKnown || !/^0?[0-7]{3}$/.test(mode) || group === '') return undefined;
  return { kind: 'unix', path, mode: Number.parseInt(mode, 8), group };
}
