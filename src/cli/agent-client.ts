import type { SentBatchResult } from '../api/batch.ts';
import type { HookEventBody } from '../api/hook-event.ts';
import type { Client } from '../client/client.ts';
import { ClientError } from '../client/error.ts';
import type { CallOptions, ClientOptions } from '../client/transport.ts';
import { locateService, trustOf } from './connection.ts';
import { lastingClient } from './lasting-client.ts';
import type { ProofConfig } from './proof.ts';

/** One batch of a service that is busy; a hung connection must not stop the agent for ever. */
const TIMEOUT_MS = 30_000;

/** What an agent sends, one request at a time. */
export interface AgentClient {
  sendBatch(packed: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<SentBatchResult>;
  sendHook(event: HookEventBody, signal: AbortSignal): Promise<void>;
}

/**
 * Returns how an agent sends: with the token of the settings; without any proof where the service knows the
 * connection itself, as on its own machine; else with a session that MUNGE begins. Which of them is asked at
 * the first request, and again when the service refuses.
 */
export function agentClient(
  config: ProofConfig,
  { onAnswer }: Required<Pick<ClientOptions, 'onAnswer'>>,
): AgentClient {
  const options: ClientOptions = {
    ...locateService(config),
    ...trustOf(config),
    timeoutMs: TIMEOUT_MS,
    onAnswer,
  };
  let client: Client | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function send<Answer>(request: (client: Client) => Promise<Answer>): Promise<Answer> {
    client ??= await lastingClient(config, options);
    try {
      return await request(client);
    } catch (error) {
      // A service that was set up anew may ask for another proof.
      if (error instanceof ClientError && REFUSED_PROOF.includes(error.code)) client = undefined;
      throw error;
    }
  }

  /** One after the other, so that all nodes of a large cluster need one connection each. */
  function sendInTurn<Answer>(request: (client: Client) => Promise<Answer>): Promise<Answer> {
    const answer = last.then(() => send(request));
    last = answer.catch(() => {});
    return answer;
  }

  // What fails is repeated by the spools.
  const once = (signal: AbortSignal): CallOptions => ({ signal, retries: 0 });
  return {
    sendBatch: (packed, signal) => sendInTurn((client) => client.recordPacked(packed, once(signal))),
    async sendHook(event, signal) {
      await sendInTurn((client) => client.reportHook(event, once(signal)));
    },
  };
}

const REFUSED_PROOF: readonly string[] = ['unauthorized', 'forbidden'];

/** What is wrong with the request itself, in contrast to the service, the way to it, or the caller. */
const LASTING: readonly string[] = ['invalid_request', 'validation_error', 'payload_too_large', 'conflict'];

/** Whether a batch or an event would be refused for ever. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof ClientError && LASTING.includes(error.code);
