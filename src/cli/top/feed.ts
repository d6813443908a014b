import type { ChangeEvent } from '../../api/live.ts';
import type { OverviewAnswer } from '../../api/overview.ts';
import type { Client } from '../../client/client.ts';
import { wait } from '../../client/retry.ts';
import type { Job } from '../../domain/job.ts';
import type { TopConnection } from '../../report/top.ts';

/** Between two reads after changes: many people may watch a cluster where something changes all the time. */
const SHORTEST_PAUSE_MS = 2000;
/** A slow answer is asked for less often: at most a tenth of the time. */
const PAUSE_OF_ANSWER = 9;
/** Without changes, and while no changes are heard of. */
const [CALM_MS, DEAF_MS] = [30_000, 5000];
/** The longest time of a timer: 24 days. */
const FOREVER_MS = 2 ** 31 - 1;
const [FIRST_RETRY_MS, LONGEST_RETRY_MS] = [500, 10_000];
/** The service sends a sign of life every 15 s. */
const SILENCE_MS = 40_000;

/** What one read returns. */
export interface News {
  readonly jobs: readonly Job[];
  readonly total: number;
  readonly offset: number;
  readonly overview: OverviewAnswer;
}

interface FeedOptions {
  readonly client: Client;
  /** What to ask for now: parameters of `GET /v1/jobs`, with their offset. */
  readonly query: () => Readonly<Record<string, string>>;
  readonly onNews: (news: News) => void;
  readonly onConnection: (connection: TopConnection) => void;
  /** Called with each change. */
  readonly onChange: (change: ChangeEvent | 'anew') => void;
  /** Ends the feed. */
  readonly signal: AbortSignal;
}

export interface Feed {
  /** Reads at once, because the screen asks for something else. */
  readNow(): void;
  /** Holds the picture still, or goes on. */
  setPaused(isPaused: boolean): void;
}

/** Reads jobs and overview when the service tells of changes, and connects again when it was lost. */
export function startFeed(options: FeedOptions): Feed {
  const { client, query, onNews, onChange, signal } = options;
  const health = connectionState(options.onConnection);
  let isPaused = false;
  let isAsked = false;
  let reading: AbortController | undefined;
  let changed = Promise.withResolvers<void>();
  let endRest = () => {};

  const notice = (): void => {
    if (!isPaused) changed.resolve();
  };

  async function follow(): Promise<void> {
    for (let failures = 0; ; failures++) {
      const why = await followOnce(() => {
        failures = 0;
      });
      health.set({ stream: why });
      notice();
      const pauseMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
      await wait(pauseMs * (0.5 + Math.random() / 2), signal);
    }
  }

  /** Follows one stream to its end; returns why it ended. */
  async function followOnce(onHello: () => void): Promise<string> {
    try {
      const call = { signal, retries: 0, timeoutMs: SILENCE_MS };
      for await (const { name, data } of client.watchChanges(call)) {
        if (name === 'hello') {
          onHello();
          health.set({ stream: undefined });
        }
        if (name === 'heartbeat' || isPaused) continue;
        onChange(name === 'hello' ? 'anew' : (data as ChangeEvent));
        notice();
      }
      return 'The service ended the stream of changes.';
    } catch (error) {
      signal.throwIfAborted();
      return (error as Error).message;
    }
  }

  async function readOnce(): Promise<void> {
    reading = new AbortController();
    const call = { signal: AbortSignal.any([reading.signal, signal]), retries: 0 };
    const asked = query();
    try {
      const [{ jobs, total }, overview] = await Promise.all([
        client.findJobs(asked, call),
        client.getOverview(call),
      ]);
      health.set({ read: undefined });
      onNews({ jobs, total, offset: Number(asked.offset ?? 0), overview });
    } catch (error) {
      if (!call.signal.aborted) health.set({ read: (error as Error).message });
    }
  }

  async function readAgain(): Promise<void> {
    while (!signal.aborted) {
      const startedMs = performance.now();
      isAsked = false;
      changed = Promise.withResolvers();
      await readOnce();
      if (isAsked) continue;
      await restFor(Math.max(SHORTEST_PAUSE_MS, PAUSE_OF_ANSWER * (performance.now() - startedMs)));
    }
  }

  /** Waits for the pause, and then for a change; a key ends both. */
  async function restFor(pauseMs: number): Promise<void> {
    const over = new AbortController();
    endRest = () => over.abort();
    const ended = AbortSignal.any([over.signal, signal]);
    const pause = (ms: number) => wait(ms, ended).catch(() => {});
    await pause(pauseMs);
    if (!ended.aborted)
      await Promise.race([
        changed.promise,
        pause(isPaused ? FOREVER_MS : health.isLive() ? CALM_MS : DEAF_MS),
      ]);
    over.abort();
  }

  const readNow = (): void => {
    isAsked = true;
    reading?.abort();
    endRest();
  };
  // It ends when the feed does.
  void follow().catch(() => {});
  void readAgain();
  return {
    readNow,
    setPaused(wanted) {
      isPaused = wanted;
      health.set({ isPaused });
      if (!wanted) readNow();
    },
  };
}

interface Health {
  readonly isPaused: boolean;
  /** Why there is no stream, and why the last read failed. */
  readonly stream: string | undefined;
  readonly read: string | undefined;
}

/** Keeps what is known of the connection, and tells of it when it changes. */
function connectionState(tell: (connection: TopConnection) => void) {
  let now: Health = { isPaused: false, stream: undefined, read: undefined };
  let lostMs: number | undefined;
  const fault = () => now.read ?? now.stream;
  return {
    isLive: () => fault() === undefined,
    set(known: Partial<Health>) {
      now = { ...now, ...known };
      const why = fault();
      lostMs = why === undefined ? undefined : (lostMs ?? Date.now());
      if (now.isPaused) tell({ state: 'paused' });
      else if (why === undefined) tell({ state: 'live' });
      else tell({ state: 'lost', sinceMs: lostMs!, why });
    },
  };
}
