import { Client } from '../client/client.ts';
import { tokenCredentials } from '../client/credentials.ts';
import { mungeCredentials, mungeEncoder } from '../client/munge.ts';
import type { ClientOptions } from '../client/transport.ts';
import type { ProofConfig } from './proof.ts';

/**
 * Returns a client for many requests: with the token of the settings; without any proof where the service
 * knows the connection itself, as on its own machine; else with a session that MUNGE begins.
 */
export async function lastingClient(config: ProofConfig, options: ClientOptions): Promise<Client> {
  if (config.token !== null) return new Client({ ...options, credentials: tokenCredentials(config.token) });
  const plain = new Client({ ...options, retries: 0 });
  const { name } = await plain.whoami();
  const encode = name === undefined ? mungeEncoder({ socket: config.mungeSocket ?? undefined }) : undefined;
  return encode ? new Client({ ...options, credentials: mungeCredentials(options, encode) }) : plain;
}
