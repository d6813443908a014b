import type { SentBatchResult } from '../api/batch.ts';
import { Client } from '../client/client.ts';
import { tokenCredentials } from '../client/credentials.ts';
import { ClientError } from '../client/error.ts';
import { mungeCredentials, mungeEncoder } from '../client/munge.ts';
import type { ClientOptions } from '../client/transport.ts';
import { locateService, trustOf } from './connection.ts';
import type { ProofConfig } from './proof.ts';

/** One batch of a service that is busy; a hung connection must not stop the agent for ever. */
const TIMEOUT_MS = 30_000;

type SendBatch = (packed: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Promise<SentBatchResult>;

/**
 * Returns how an agent sends a batch: with the token of the settings; without any proof where the service
 * knows the connection itself, as on its own machine; else with a session that MUNGE begins. Which of them is
 * asked at the first batch, and again when the service refuses.
 */
export function batchSender(config: ProofConfig): SendBatch {
  const options: ClientOptions = { ...locateService(config), ...trustOf(config), timeoutMs: TIMEOUT_MS };
  let client: Client | undefined;

  // One batch at a time is sent.
  return async (packed, signal) => {
    client ??= await chooseClient(config, options);
    try {
      // The spool repeats what fails.
      return await client.recordPacked(packed, { signal, retries: 0 });
    } catch (error) {
      // A service that was set up anew may ask for another proof.
      if (error instanceof ClientError && REFUSED_PROOF.includes(error.code)) client = undefined;
      throw error;
    }
  };
}

const REFUSED_PROOF: readonly string[] = ['unauthorized', 'forbidden'];

async function chooseClient(config: ProofConfig, options: ClientOptions): Promise<Client> {
  if (config.token !== null) return new Client({ ...options, credentials: tokenCredentials(config.token) });
  const plain = new Client({ ...options, retries: 0 });
  const { name } = await plain.whoami();
  const encode = name === undefined ? mungeEncoder({ socket: config.mungeSocket ?? undefined }) : undefined;
  return encode ? new Client({ ...options, credentials: mungeCredentials(options, encode) }) : plain;
}

/** What is wrong with the batch itself, in contrast to the service, the way to it, or the caller. */
const LASTING: readonly string[] = ['invalid_request', 'validation_error', 'payload_too_large'];

/** Whether a batch would be refused for ever. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof ClientError && LASTING.includes(error.code);
