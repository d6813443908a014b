import { type Concern, delayOf } from './concern.ts';
import { connection, type LiveNews, listenLive } from './live.ts';

export interface RefreshOptions {
  /** Reads again this long after each read, while the page is seen; less often while changes are heard of. */
  readonly everyMs: number;
  /** Also reads again soon after a change that concerns it. */
  readonly on?: Concern | undefined;
  /** Whether it has been read already, so that the first read is a later one. */
  readonly isRead?: boolean;
}

/** How often something is read anyway while changes are heard of: a few may go untold. */
const SLOW_MS = 60_000;
/** Pages that hear of the same change do not ask in the same moment. */
const SPREAD_MS = 250;
/** What takes long to read is read less often: a tenth of the time at most. */
const LEAST_REST = 10;

/** Calls `load` now and as the options say, one call at a time, until the returned function is called. */
export function keepFresh(load: () => Promise<void>, { everyMs, on, isRead }: RefreshOptions): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When news want it to be read. */
  let askedMs = isRead ? Number.POSITIVE_INFINITY : 0;
  let startedMs = Date.now();
  let endedMs = startedMs;
  /**
   * Whether news did not ask for the last read. The service keeps some answers for seconds, so that another
   * read follows those that news ask for.
   */
  let wasIdle = false;
  let isLoading = false;
  let isStopped = false;

  const restMs = () =>
    on !== undefined && wasIdle && connection.value.state === 'live' ? Math.max(SLOW_MS, everyMs) : everyMs;
  const waitMs = () => Math.min(askedMs, endedMs + restMs()) - Date.now();

  function plan(): void {
    clearTimeout(timer);
    if (!isStopped && !isLoading) timer = setTimeout(run, Math.max(0, waitMs()));
  }

  async function run(): Promise<void> {
    // Since it was planned, the page may have begun to hear of changes.
    if (waitMs() > 0) return plan();
    // The next one follows when the page is seen again, or goes on.
    if (document.hidden || connection.value.state === 'paused') return;
    isLoading = true;
    wasIdle = Date.now() < askedMs;
    askedMs = Number.POSITIVE_INFINITY;
    startedMs = Date.now();
    await load();
    endedMs = Date.now();
    isLoading = false;
    plan();
  }

  function ask(atMs: number): void {
    askedMs = Math.min(askedMs, atMs);
    plan();
  }

  /** Returns when to read because of news, as Date.now() counts; undefined if they are of no concern. */
  function timeFor(news: LiveNews, nowMs: number): number | undefined {
    const soonMs = nowMs + Math.random() * SPREAD_MS;
    if (news === 'anew') return soonMs;
    const delayMs = news === 'lost' ? everyMs : on && delayOf(on, news);
    return delayMs === undefined
      ? undefined
      : Math.max(soonMs, startedMs + Math.max(delayMs, LEAST_REST * (endedMs - startedMs)));
  }

  function hear(news: LiveNews): void {
    const atMs = timeFor(news, Date.now());
    if (atMs !== undefined) ask(atMs);
  }

  /** Otherwise the stream is opened now, and says with its first event that everything may have changed. */
  function wake(): void {
    const { state } = connection.value;
    if (!document.hidden && (state === 'off' || state === 'lost')) ask(Date.now());
  }

  const leave = listenLive(hear);
  document.addEventListener('visibilitychange', wake);
  plan();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    leave();
    document.removeEventListener('visibilitychange', wake);
  };
}
