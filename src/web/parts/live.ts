import { signal } from '@preact/signals';
import type { ChangeEvent, HelloEvent } from '../../api/live.ts';
import { apiAddress } from './request.ts';

/** How the page hears of changes: not at all yet, or how the stream of the service is. */
export type Connection =
  | { readonly state: 'off' | 'connecting' | 'live' | 'paused' }
  | { readonly state: 'lost'; readonly sinceMs: number };

/** What listeners hear: a change, that everything may have changed, or that no changes are heard of now. */
export type LiveNews = ChangeEvent | 'anew' | 'lost';

export const connection = signal<Connection>({ state: 'off' });
/** Whether the service was replaced by another version since the page was loaded. */
export const isOutdated = signal(false);

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** A stream that misses two heartbeats is broken, even if the browser has not noticed. */
const MISSED_HEARTBEATS = 2.5;

const listeners = new Set<(news: LiveNews) => void>();
let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;
let silentMs = 40_000;
let failures = 0;
let wasLive = false;
let lostMs: number | undefined;
let version: string | undefined;

/** Calls `listen` with news, until the returned function is called. */
export function listenLive(listen: (news: LiveNews) => void): () => void {
  listeners.add(listen);
  return () => void listeners.delete(listen);
}

const tell = (news: LiveNews): void => {
  for (const listen of [...listeners]) listen(news);
};

/** Follows the changes of the service while the page can be seen. */
export function startLive(): void {
  if (connection.value.state !== 'off') return;
  document.addEventListener('visibilitychange', follow);
  addEventListener('online', follow);
  follow();
}

/** Stops reading anew until the reader wants it again. */
export function togglePause(): void {
  const isPaused = connection.value.state === 'paused';
  connection.value = { state: isPaused ? 'connecting' : 'paused' };
  follow();
}

/** Opens the stream if somebody sees the page, and closes it otherwise. */
function follow(): void {
  close();
  if (document.hidden || connection.value.state === 'paused') return;
  failures = 0;
  open();
}

function close(): void {
  source?.close();
  source = undefined;
  clearTimeout(retry);
  clearTimeout(silence);
}

function open(): void {
  close();
  if (connection.value.state !== 'lost') connection.value = { state: 'connecting' };
  source = new EventSource(apiAddress('v1/live'));
  const on = (name: string, take: (data: string) => void) =>
    source!.addEventListener(name, ({ data }) => {
      watchSilence();
      take(data);
    });
  on('hello', (data) => welcome(JSON.parse(data) as HelloEvent));
  on('change', (data) => tell(JSON.parse(data) as ChangeEvent));
  on('heartbeat', () => {});
  source.onerror = lose;
  watchSilence();
}

function watchSilence(): void {
  clearTimeout(silence);
  silence = setTimeout(lose, silentMs);
}

function welcome(hello: HelloEvent): void {
  silentMs = MISSED_HEARTBEATS * 1000 * hello.heartbeat_seconds;
  version ??= hello.version;
  isOutdated.value = version !== hello.version;
  failures = 0;
  lostMs = undefined;
  connection.value = { state: 'live' };
  // What is shown was read while the first stream was opened.
  if (wasLive) tell('anew');
  wasLive = true;
}

/** Tries again after a pause that grows, and differs from page to page so that not all come at once. */
function lose(): void {
  close();
  lostMs ??= Date.now();
  // The first time is often no more than the change of a certificate.
  if (failures > 0 && connection.value.state !== 'lost') {
    connection.value = { state: 'lost', sinceMs: lostMs };
    tell('lost');
  }
  const pauseMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++);
  retry = setTimeout(open, pauseMs * (0.5 + Math.random() / 2));
}
