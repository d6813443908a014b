// Messages of NETLINK_SOCK_DIAG: sock_diag(7), <linux/inet_diag.h>. Numbers are little-endian, as on every
// machine that Bun runs on; addresses and ports are in network order.

import { type End, isSameEnd, unmap } from './address.ts';
import type { ClientSocket } from './client-socket.ts';

/** nlmsghdr and inet_diag_req_v2. */
const QUERY_BYTES = 16 + 56;
/** nlmsghdr and inet_diag_msg. */
const ANSWER_BYTES = 16 + 72;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_TCP = 6;
/** INET_DIAG_NOCOOKIE. */
const NO_COOKIE = 0xffff_ffff;

/** The two ends of a connection, as the program sees them whose socket it is. */
export interface Ends {
  readonly local: End;
  readonly remote: End;
}

/** Encodes the question for the one socket with these ends; both addresses are of one family. */
export function encodeQuery(sequence: number, { local, remote }: Ends): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(QUERY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, QUERY_BYTES, true);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  view.setUint32(8, sequence, true);
  bytes[16] = local.address.length === 4 ? AF_INET : AF_INET6;
  bytes[17] = IPPROTO_TCP;
  // Sockets in any state.
  view.setUint32(20, 0xffff_ffff, true);
  view.setUint16(24, local.port);
  view.setUint16(26, remote.port);
  bytes.set(local.address, 28);
  bytes.set(remote.address, 44);
  view.setUint32(64, NO_COOKIE, true);
  view.setUint32(68, NO_COOKIE, true);
  return bytes;
}

/** The sequence number of a message; undefined if it is too short for one. */
export const sequenceOf = (message: Uint8Array): number | undefined =>
  message.length < 16 ? undefined : viewOf(message).getUint32(8, true);

/**
 * Reads the answer to a question; undefined if there is no such socket. The kernel also answers with a socket
 * that listens at the local end, and that is no answer: both ends must be those of the question.
 */
export function parseAnswer(message: Uint8Array, sequence: number, ends: Ends): ClientSocket | undefined {
  if (message.length < ANSWER_BYTES) return undefined;
  const view = viewOf(message);
  const length = view.getUint32(0, true);
  if (length < ANSWER_BYTES || length > message.length) return undefined;
  if (view.getUint16(4, true) !== SOCK_DIAG_BY_FAMILY || view.getUint32(8, true) !== sequence)
    return undefined;
  const addressBytes = message[16] === AF_INET ? 4 : message[16] === AF_INET6 ? 16 : undefined;
  if (addressBytes === undefined) return undefined;
  const address = (at: number) => unmap(message.subarray(at, at + addressBytes));
  const local = { address: address(24), port: view.getUint16(20) };
  const remote = { address: address(40), port: view.getUint16(22) };
  if (!isSameEnd(local, ends.local) || !isSameEnd(remote, ends.remote)) return undefined;
  return { state: message[17]!, uid: view.getUint32(80, true), inode: view.getUint32(84, true) };
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
