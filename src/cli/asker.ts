import type { Client } from '../client/client.ts';
import { askService } from './connection.ts';
import { type ProofConfig, requireProof } from './proof.ts';

/** Asks the service one thing, as the user of the command. */
export type Ask = <Value>(ask: (client: Client) => Promise<Value>) => Promise<Value>;

/** Returns how to ask the service one thing after the other: each may need a credential of its own. */
export async function createAsker(config: ProofConfig): Promise<Ask> {
  const { headers } = await requireProof(config);
  return async (ask) => askService(config, ask, { headers: await headers() });
}
