import type { SchedulerNodes } from '../../domain/nodes/scheduler-node.ts';
import { type Repeat, repeat } from '../../repeat.ts';
import { createSeparator } from '../records/separator.ts';
import { createSinfoReader, sinfoNodeArguments } from '../records/sinfo-nodes.ts';
import type { SlurmCommands } from './commands.ts';
import { addPoll, restAfter } from './pace.ts';

const EVERY_MS = 60_000;
const TIMEOUT_MS = 30_000;

interface WatchOptions {
  readonly commands: SlurmCommands;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly everyMs?: number;
}

/** What sinfo says of the nodes. */
export interface SlurmNodes extends Pick<Repeat, 'stop' | 'state'> {
  /** As last read; undefined before sinfo has answered. */
  latest(): SchedulerNodes | undefined;
}

/**
 * Asks sinfo for the nodes again and again; while it fails, what was read last stays, with its age. They are
 * kept in memory, because Slurm is asked at every start.
 */
export function watchNodes({ commands, warn, now, everyMs = EVERY_MS }: WatchOptions): SlurmNodes {
  let latest: SchedulerNodes | undefined;
  let lastError: string | undefined;
  let pollsMs: number[] = [];

  async function ask(): Promise<void> {
    const separator = createSeparator();
    const timeMs = now();
    const reader = createSinfoReader(separator);
    await commands.run('sinfo', sinfoNodeArguments(separator), {
      timeoutMs: TIMEOUT_MS,
      read: reader.read,
    });
    reader.finish();
    const { count, examples } = reader.unreadable;
    if (count > 0) warn('sinfo_unreadable', { count, examples });
    latest = { timeMs, nodes: reader.nodes };
  }

  const asks = repeat({
    everyMs,
    async run() {
      if (!commands.has('sinfo')) return undefined;
      const startedMs = performance.now();
      await ask();
      lastError = undefined;
      pollsMs = addPoll(pollsMs, performance.now() - startedMs);
      return { restMs: Math.max(everyMs, restAfter(pollsMs).restMs) };
    },
    onError(cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      // Once for each different error: Slurm may be stopped for hours.
      if (error !== lastError) warn('slurm_nodes_not_read', { error, message: 'It is asked again.' });
      lastError = error;
    },
  });

  return { latest: () => latest, stop: asks.stop, state: asks.state };
}
