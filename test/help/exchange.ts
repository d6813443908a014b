import { parseAddress } from '../../src/access/address.ts';
import { connectAs } from './tcp-socket.ts';

const LOOPBACK = parseAddress('127.0.0.1')!;

/** Until the connection ends. */
export const UNTIL_CLOSED = /(?!)/;

/** Opens a connection to a server of this machine as some user. Needs root. */
export const connectToServer = (url: string, uid: number): ReturnType<typeof connectAs> =>
  connectAs({ uid, to: { address: LOOPBACK, port: Number(new URL(url).port) } });

/** Sends bytes as some user, and returns what comes until `end` is among it, or the connection ends. */
export async function exchange(
  url: string,
  uid: number,
  bytes: string,
  end: RegExp = UNTIL_CLOSED,
): Promise<string> {
  const socket = connectToServer(url, uid);
  socket.send(bytes);
  const answer = await socket.receive(end);
  socket.close();
  return answer;
}

/** The statuses of the answers in a text, in their order. */
export const statusesOf = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
