import { open } from 'node:fs/promises';
import type { End } from './address.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Ends } from './socket-diag.ts';

/** About 200,000 connections. */
const MAX_BYTES = 32 * 1024 * 1024;
const PIECE_BYTES = 256 * 1024;

/** The text of the kernel's two tables of TCP sockets. */
export interface Tables {
  readonly tcp: string;
  readonly tcp6: string;
}

/** Finds the socket with these ends in the text of /proc/net/tcp and tcp6: proc_pid_net(5). */
export function findInTables({ tcp, tcp6 }: Tables, { local, remote }: Ends): ClientSocket | undefined {
  const isIpv4 = local.address.length === 4;
  return (
    (isIpv4 ? findRow(tcp, `${hexOf(local)} ${hexOf(remote)}`) : undefined) ??
    // Programs may use IPv4 with a socket of IPv6.
    findRow(tcp6, `${hexOf(mapped(local))} ${hexOf(mapped(remote))}`)
  );
}

function findRow(table: string, ends: string): ClientSocket | undefined {
  const at = table.indexOf(`: ${ends} `);
  if (at < 0) return undefined;
  const end = table.indexOf('\n', at);
  if (end < 0) return undefined;
  const [, , , state = '', , , , uid = '', , inode = ''] = table.slice(at, end).split(/\s+/);
  if (!/^[\dA-F]{2}$/.test(state) || !/^\d+$/.test(uid) || !/^\d+$/.test(inode)) return undefined;
  return { state: Number.parseInt(state, 16), uid: Number(uid), inode: Number(inode) };
}

const mapped = ({ address, port }: End): End => ({
  address:
    address.length === 16 ? address : Uint8Array.from([...new Array(10).fill(0), 0xff, 0xff, ...address]),
  port,
});

/** The kernel prints the address as numbers of 32 bits of the machine's order, and the port as a number. */
function hexOf({ address, port }: End): string {
  const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0');
  let text = '';
  for (let at = 0; at < address.length; at += 4)
    for (let byte = 3; byte >= 0; byte--) text += hex(address[at + byte]!, 2);
  return `${text}:${hex(port, 4)}`;
}

/**
 * Returns a function that reads both tables; each call gets a reading that began after it. One reading is
 * under way at a time: with 10,000 connections it takes 36 ms, in another thread.
 */
export function tableReader(read: () => Promise<Tables> = readTables): () => Promise<Tables> {
  let current: Promise<unknown> | undefined;
  let next: Promise<Tables> | undefined;

  function start(): Promise<Tables> {
    next = undefined;
    const reading = read();
    const ended = reading.then(
      () => {},
      () => {},
    );
    current = ended;
    void ended.then(() => {
      if (current === ended) current = undefined;
    });
    return reading;
  }

  return () => {
    if (!current) return start();
    next ??= current.then(start);
    return next;
  };
}

async function readTables(): Promise<Tables> {
  const [tcp, tcp6] = await Promise.all([readTable('/proc/net/tcp'), readTable('/proc/net/tcp6')]);
  return { tcp, tcp6 };
}

/** Empty where there is no such table, as without IPv6. */
async function readTable(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return '';
  try {
    const pieces: string[] = [];
    const buffer = Buffer.alloc(PIECE_BYTES);
    for (let bytes = 0; bytes < MAX_BYTES; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      bytes += bytesRead;
      pieces.push(buffer.toString('latin1', 0, bytesRead));
    }
    return pieces.join('');
  } finally {
    await file.close();
  }
}
