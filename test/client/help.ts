import { Client } from '../../src/client/client.ts';
import type { ClientOptions } from '../../src/client/transport.ts';

/** Returns what a call rejects with. */
export async function errorOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('The call did not fail.');
}

/** Returns a client whose waits between tries take no time, and the list of them. */
export function impatientClient(options: ClientOptions, random = 0.5) {
  const waits: number[] = [];
  const client = new Client(options, {
    random: () => random,
    wait: async (ms, signal) => {
      signal?.throwIfAborted();
      waits.push(ms);
    },
  });
  return { client, waits };
}
