import type { SpoolState } from '../../domain/slurm-health.ts';
import { type RepeatState, repeat } from '../../repeat.ts';
import { readEventName } from './event.ts';
import { type EventReader, eventFiles, listEvents } from './event-files.ts';
import { watchFolder } from './watch.ts';

const POLL_MS = 5000;
/** Events arrive in bursts: the first notification waits for the others. */
const GATHER_MS = 20;

interface SpoolOptions<Event> {
  readonly folder: string;
  readonly reader: EventReader<Event>;
  /**
   * Stores the events of some hundred files, oldest first; resolves when they are on disk. The files are
   * removed after that, so the same events are delivered again if the process dies in between. Rejects if
   * nothing can be stored right now; the files stay and are delivered again.
   */
  readonly deliver: (events: readonly Event[]) => Promise<void>;
  /** Whether `deliver` rejected for ever: the files are moved aside. */
  readonly isRefusal?: (error: unknown) => boolean;
  /** Which files are delivered; all when left out. */
  readonly isOwn?: (name: string) => boolean;
  /** Without a folder there are no events, and nothing to tell. */
  readonly isOptional?: boolean;
  /** 0 to 1, as Math.random: spreads what follows a failure. */
  readonly random?: () => number;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
  readonly debug: (event: string, fields: Record<string, unknown>) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Between two scans of the folder without a notification. */
  readonly pollMs?: number;
}

export interface Spool {
  state(): SpoolState;
  /** Counts the scans of the folder. */
  repeats(): RepeatState;
  /** Resolves when the current batch is delivered; the remaining files stay. */
  stop(): Promise<void>;
}

/**
 * Delivers the events that hooks write to a folder, starting with those already there. The folder may be
 * created later, be removed and come back. Failures are logged and repeated until `stop`.
 */
export function startSpool<Event>({
  folder,
  reader,
  deliver,
  isRefusal = () => false,
  isOwn = () => true,
  isOptional = false,
  random,
  warn,
  debug,
  now,
  pollMs = POLL_MS,
}: SpoolOptions<Event>): Spool {
  const counts = { processed: 0, bad: 0, failed: 0 };
  let waiting: readonly string[] = [];
  const troubles = logOnce(warn);
  const files = eventFiles(folder, reader, counts, troubles.warn);

  const watch = watchFolder(folder, (name) => {
    if (!name?.startsWith('.')) scans.wake(GATHER_MS);
  });
  const scans = repeat({
    everyMs: pollMs,
    ...(random && { random }),
    run: async (signal) => void (await deliverAll(signal)),
    onError: (cause) => troubles.warn('slurm_events_not_stored', { folder, cause }),
  });

  /** Delivers all files that are there now. Rejects when their reports cannot be stored. */
  async function deliverAll(signal: AbortSignal): Promise<void> {
    troubles.begin();
    try {
      await watch.renew();
      waiting = (await listEvents(folder, now())).filter(isOwn);
    } catch (error) {
      waiting = [];
      if (!isOptional || (error as NodeJS.ErrnoException).code !== 'ENOENT')
        troubles.warn('slurm_spool_unreadable', { folder, error: (error as Error).message });
    }
    while (waiting.length > 0 && !signal.aborted) waiting = waiting.slice(await deliverFiles());
    troubles.end();
  }

  /** Delivers the files of one commit and returns their number. */
  async function deliverFiles(): Promise<number> {
    const startedMs = performance.now();
    const { events, count, done } = await files.readPortion(waiting);
    try {
      if (events.length > 0) await deliver(events);
    } catch (error) {
      if (isRefusal(error)) {
        await files.moveAllAside(done, error);
        return count;
      }
      counts.failed += events.length;
      throw error;
    }
    counts.processed += events.length;
    await files.removeAll(done);
    const ms = Math.round(performance.now() - startedMs);
    debug('slurm_spool_batch', { ms, files: count, reports: events.length });
    return count;
  }

  return {
    state() {
      const oldestMs = readEventName(waiting[0] ?? '')?.timeMs;
      return { ...counts, length: waiting.length, ...(oldestMs !== undefined && { oldestMs }) };
    },
    repeats: scans.state,
    async stop() {
      await scans.stop();
      watch.stop();
    },
  };
}

/** Logs each kind of trouble once, until a scan without any. */
function logOnce(warn: SpoolOptions<unknown>['warn']) {
  const logged = new Set<string>();
  let hasTrouble = false;
  return {
    begin(): void {
      hasTrouble = false;
    },
    warn(event: string, fields: Record<string, unknown>): void {
      hasTrouble = true;
      if (!logged.has(event)) warn(event, fields);
      logged.add(event);
    },
    end(): void {
      if (!hasTrouble) logged.clear();
    },
  };
}
