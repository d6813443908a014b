/** One end of a TCP connection. */
export interface End {
  /** 4 bytes of IPv4, or 16 of IPv6. */
  readonly address: Uint8Array;
  readonly port: number;
}

/**
 * Returns the bytes of a numeric address; those of IPv4 for an IPv4 address that is written as IPv6
 * (::ffff:127.0.0.1). Undefined for any other text.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** Whether an address stands for all addresses of the machine. */
export const isWildcard = (address: Uint8Array): boolean => address.every((byte) => byte === 0);

/** Whether only programs of this machine can reach an address. */
export const isLoopback = (address: Uint8Array): boolean =>
  address.length === 4 ? address[0] === 127 : address.every((byte, at) => byte === (at === 15 ? 1 : 0));

/**
 * Names what stands for all addresses from which one host, or one user of this machine, can connect: the
 * whole loopback, an IPv4 address, or the first half of an IPv6 address.
 */
export function networkOf(text: string): string {
  const address = parseAddress(text);
  if (!address) return text;
  if (isLoopback(address)) return 'loopback';
  if (address.length !== 16) return address.join('.');
  const groups = [0, 2, 4, 6].map((at) => ((address[at]! << 8) | address[at + 1]!).toString(16));
  return `${groups.join(':')}::/64`;
}

/** Returns the 4 bytes of an IPv4 address inside IPv6; another address as it is. */
export function unmap(address: Uint8Array): Uint8Array {
  const isMapped =
    address.length === 16 &&
    address.subarray(0, 10).every((byte) => byte === 0) &&
    address[10] === 0xff &&
    address[11] === 0xff;
  return isMapped ? address.slice(12) : address;
}

export const isSameEnd = (one: End, other: End): boolean =>
  one.port === other.port &&
  one.address.length === other.address.length &&
  one.address.every((byte, at) => byte === other.address[at]);

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  // The zone of a link-local address (fe80::1%eth0) is no part of it.
  const [bare = ''] = text.split('%');
  const halves = bare.split('::');
  if (halves.length > 2) return undefined;
  const [before, after] = halves.map((half) => bytesOfGroups(half));
  if (!before) return undefined;
  if (halves.length === 1) return before.length === 16 ? unmap(Uint8Array.from(before)) : undefined;
  const zeros = 16 - before.length - (after?.length ?? 16);
  if (!after || zeros < 2) return undefined;
  return unmap(Uint8Array.from([...before, ...new Array<number>(zeros).fill(0), ...after]));
}

/** The bytes of groups such as `fe80:1` or `ffff:127.0.0.1`. */
function bytesOfGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const isLast = index === groups.length - 1;
    const ipv4 = isLast && group.includes('.') ? parseIpv4(group) : undefined;
    if (ipv4) bytes.push(...ipv4);
    else if (/^[\da-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes;
}
