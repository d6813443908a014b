import {
  type AppError,
  type CredentialRefused,
  type RefusalReason,
  TooManyRequests,
} from '../domain/errors.ts';
import { isLoopback, networkOf, parseAddress } from './address.ts';
import type { FindOwner } from './kernel.ts';
import type { Peer } from './way.ts';

/** Refused credentials of one source are counted for this long, from the first one. */
const WINDOW_MS = 60_000;
/** More than a program that was misconfigured sends at once; a secret of 214 bits needs no lower bound. */
const MAX_REFUSALS = 20;
/** About 100 bytes each. */
const MAX_SOURCES = 10_000;
/** Sources that a line of the log names. */
const MAX_NAMED = 20;
const OTHERS = 'others';

interface AttemptOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
  readonly observe: (reason: RefusalReason) => void;
  /** Calls back after `ms`; by default a timer that does not prevent the process from exiting. */
  readonly later?: (ms: number, run: () => void) => void;
}

export interface Attempts {
  /**
   * Records that a credential of a source was refused, and returns what to answer: the refusal, or
   * `too_many_requests` if the source sent too many. Valid credentials are never counted, so that nobody can
   * lock out others of the same address.
   */
  refuse(refusal: CredentialRefused, source: string): AppError;
}

/** Counts credentials that are refused by where they come from, and logs them once a minute. */
export function countAttempts({ now, warn, observe, later = startTimer }: AttemptOptions): Attempts {
  // In order of their starts: the oldest is dropped when there are too many.
  const windows = new Map<string, { readonly startMs: number; refusals: number }>();
  let unlogged = new Map<string, Map<RefusalReason, number>>();
  let isQuiet = true;

  function windowOf(source: string, nowMs: number) {
    const found = windows.get(source);
    if (found && nowMs < found.startMs + WINDOW_MS) return found;
    windows.delete(source);
    if (windows.size >= MAX_SOURCES) windows.delete(windows.keys().next().value!);
    const started = { startMs: nowMs, refusals: 0 };
    windows.set(source, started);
    return started;
  }

  function addToLog(source: string, reason: RefusalReason): void {
    const named = unlogged.has(source) || unlogged.size < MAX_NAMED ? source : OTHERS;
    const reasons = unlogged.get(named) ?? new Map<RefusalReason, number>();
    unlogged.set(named, reasons);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    if (isQuiet) writeLine();
  }

  function writeLine(): void {
    isQuiet = unlogged.size === 0;
    if (isQuiet) return;
    const counts = [...unlogged].map(([source, reasons]) => ({ source, reasons, count: sumOf(reasons) }));
    unlogged = new Map();
    warn('credentials_refused', {
      count: counts.reduce((sum, { count }) => sum + count, 0),
      from: counts
        .sort((one, other) => other.count - one.count)
        .map(({ source, count, reasons }) => `${source}: ${count} (${[...reasons.keys()].join(', ')})`)
        .join('; '),
    });
    later(WINDOW_MS, writeLine);
  }

  return {
    refuse(refusal, source) {
      observe(refusal.reason);
      addToLog(source, refusal.reason);
      const window = windowOf(source, now());
      window.refusals++;
      if (window.refusals <= MAX_REFUSALS) return refusal;
      const waitSeconds = Math.max(1, Math.ceil((window.startMs + WINDOW_MS - now()) / 1000));
      return new TooManyRequests(
        waitSeconds,
        `Too many credentials from here were refused. Try again in ${waitSeconds} s; a valid one is accepted at any time.`,
      );
    },
  };
}

const sumOf = (counts: ReadonlyMap<unknown, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);

function startTimer(ms: number, run: () => void): void {
  setTimeout(run, ms).unref();
}

/**
 * Names where a request comes from: the user on this machine, because all of them share an address; an IPv4
 * address; or the first half of an IPv6 address, because a host has all of the second.
 */
export async function sourceOf(peer: Peer | undefined, findOwner: FindOwner): Promise<string> {
  if (peer === undefined) return 'unknown';
  if (peer.kind === 'unix') return `unix:${peer.path}`;
  const address = parseAddress(peer.address);
  const owner = await findOwner(peer);
  if (owner !== undefined) return `uid ${owner}`;
  // Of the loopback, the address: it is that of a user who has gone.
  return address === undefined || isLoopback(address) ? peer.address : networkOf(peer.address);
}
