import { createServer, type Server } from 'node:net';

/**
 * Below the ports that Linux gives to connections and to listeners on port 0 (ip_local_port_range, from
 * 32768): a daemon may listen seconds after its port was found free, while other tests connect.
 */
const [FIRST_PORT, END_PORT] = [10_000, 32_000];

/** Finds different free ports of 127.0.0.1, which no other test of this process gets. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST_PORT + Math.floor(Math.random() * (END_PORT - FIRST_PORT));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

const given = new Set<number>();

async function isFree(port: number): Promise<boolean> {
  const server = await new Promise<Server | undefined>((resolve) => {
    const listening = createServer();
    listening.once('error', () => resolve(undefined));
    listening.listen(port, '127.0.0.1', () => resolve(listening));
  });
  await new Promise((closed) => (server ? server.close(closed) : closed(undefined)));
  return server !== undefined;
}
