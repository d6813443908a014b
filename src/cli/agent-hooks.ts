import { hostname } from 'node:os';
import type { HookEventBody } from '../api/hook-event.ts';
import { OperatorError } from '../domain/errors.ts';
import type { EventReader } from '../slurm/hooks/event-files.ts';
import { type Spool, startSpool } from '../slurm/hooks/spool.ts';
import { readVariables } from '../slurm/hooks/variables.ts';
import { type AgentClient, isRefusal } from './agent-client.ts';

interface ForwarderOptions extends Pick<AgentClient, 'sendHook'> {
  /** The folder into which the hooks of this node write. */
  readonly folder: string;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
  readonly debug: (event: string, fields: Record<string, unknown>) => void;
}

/** Reads an event file as it is sent. A service refuses what stands for bytes that are no UTF-8. */
const READER: EventReader<HookEventBody> = {
  read: (file, bytes) => ({
    file,
    variables: [...readVariables(bytes)].map(([name, value]) => `${name}=${value}`.replaceAll('\ufffd', '?')),
  }),
  // Each is deleted when it was acknowledged.
  maxFiles: 1,
};

/**
 * Forwards the events that the hooks of this node write, in order, so that nodes need no folder in common
 * with the service. Where they have one, each agent forwards the files of its own machine.
 */
export function forwardHooks({ folder, sendHook, warn, debug }: ForwarderOptions): Pick<Spool, 'stop'> {
  const stopping = new AbortController();
  const ending = `-${hostname()}.event`;
  const spool = startSpool({
    folder,
    reader: READER,
    async deliver([event]) {
      if (event) await sendHook(event, stopping.signal);
    },
    isRefusal,
    isOwn: (name) => name.endsWith(ending),
    isOptional: true,
    random: Math.random,
    warn,
    debug,
    now: Date.now,
  });
  return {
    stop() {
      stopping.abort(new OperatorError('The agent stops.'));
      return spool.stop();
    },
  };
}
