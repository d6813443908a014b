import { HEARTBEAT_SECONDS, renderChange, renderHello } from '../api/live.ts';
import type { OwnSight, Sight } from '../domain/caller.ts';
import { type Changes, changeCollector, sortByOwner, tellChanges } from '../domain/changes.ts';
import { AppError, shuttingDown, TooManyRequests } from '../domain/errors.ts';
import type { Owner } from '../domain/sight.ts';
import type { ChangeStore } from '../domain/store/changes.ts';
import { writeEvent } from '../http/response/event-stream.ts';
import type { Live, Watcher } from '../http/routes/live.ts';
import type { Log } from '../log.ts';
import { startPace } from '../pace.ts';
import { boundedMemory } from './bounded-memory.ts';
import type { Part } from './parts.ts';

/** The first change after a quiet time waits this long for others of the same moment. */
const GATHER_MS = 50;
/** Changes are reported no more often. */
const TELL_MS = 1000;
/** Callers are looked at again every so many heartbeats: a token that was revoked then reads no more. */
const CHECK_BEATS = 4;
const MAX_STREAMS = 2000;
const MAX_STREAMS_OF_CALLER = 20;
/** About 10 MB. */
const MAX_REMEMBERED = 50_000;

const HEARTBEAT = writeEvent('heartbeat', {});

interface LiveOptions {
  readonly store: ChangeStore;
  readonly version: string;
  readonly log: Pick<Log, 'warn'>;
  readonly tellMs?: number;
  readonly beatMs?: number;
}

export interface RunningLive extends Live {
  /** How many watch. */
  count(): number;
  /** Ends all streams and admits no more. */
  stop(): void;
}

interface Stream {
  readonly watcher: Watcher;
  sight: Sight;
  beats: number;
}

/**
 * Tells all who watch what changes, each of what they may see. The store is watched, and timers run, only
 * while there is somebody.
 */
export function createLive({
  store,
  version,
  log,
  tellMs = TELL_MS,
  beatMs = HEARTBEAT_SECONDS * 1000,
}: LiveOptions): RunningLive {
  const streams = new Set<Stream>();
  const countOf = new Map<string, number>();
  const changes = changeCollector();
  const owners = boundedMemory<Owner>(MAX_REMEMBERED);
  const jobsOfRuns = boundedMemory<string>(MAX_REMEMBERED);
  let unwatch: (() => void) | undefined;
  let beating: ReturnType<typeof setInterval> | undefined;
  let telling: ReturnType<typeof setTimeout> | undefined;
  let lastToldMs = Number.NEGATIVE_INFINITY;
  let isStopped = false;

  function start(): void {
    unwatch = store.watchChanges((change) => {
      changes.add(change);
      planTelling();
    });
    beating = setInterval(() => void beat(), beatMs);
  }

  function rest(): void {
    unwatch?.();
    clearInterval(beating);
    clearTimeout(telling);
    telling = undefined;
    changes.take();
    owners.forgetAll();
    jobsOfRuns.forgetAll();
  }

  function planTelling(): void {
    const waitMs = Math.max(GATHER_MS, lastToldMs + tellMs - performance.now());
    telling ??= setTimeout(
      async () => {
        lastToldMs = performance.now();
        try {
          await tell(changes.take());
        } catch (cause) {
          // Pages also read anew from time to time.
          log.warn('changes_not_told', { cause });
        }
        telling = undefined;
        if (streams.size > 0 && !changes.isEmpty()) planTelling();
      },
      Math.min(waitMs, tellMs),
    );
  }

  async function tell(taken: Changes): Promise<void> {
    for (const id of taken.jobs) owners.forget(id);
    const jobOf = await jobsOfRuns.find(taken.measuredRuns, store.findJobsOfRuns);
    const measured = new Set(taken.measured);
    for (const sluid of taken.measuredRuns) {
      const id = jobOf(sluid);
      if (id !== undefined) measured.add(id);
    }
    const isAnyNarrow = [...streams].some(({ sight }) => sight !== 'all');
    const asked = isAnyNarrow ? taken.jobs.union(measured) : new Set<string>();
    const ownerOf = await owners.find(asked, store.findOwners);
    const own = (ids: ReadonlySet<string>) => sortByOwner(ids, isAnyNarrow ? ownerOf : undefined);
    const owned = { ...taken, jobs: own(taken.jobs), measured: own(measured) };
    const texts = new Map<string, Uint8Array | undefined>();
    await forEachStream(({ watcher, sight }) => {
      const key = sight === 'all' ? 'all' : keyOf(sight);
      if (!texts.has(key)) {
        const told = tellChanges(owned, sight);
        texts.set(key, told && writeEvent('change', renderChange(told)));
      }
      const text = texts.get(key);
      if (text) watcher.send(text);
    });
  }

  function beat(): Promise<void> {
    return forEachStream((stream) => {
      if (stream.watcher.isRetired()) return stream.watcher.end();
      stream.watcher.send(HEARTBEAT);
      stream.beats++;
      if (stream.beats % CHECK_BEATS === 0) void check(stream);
    });
  }

  /** Ends a stream whose caller may not read any more, such as one whose session has ended. */
  async function check(stream: Stream): Promise<void> {
    // A credential of MUNGE is good for one request: its sender comes again with another.
    const caller = await stream.watcher.checkCaller().catch(() => undefined);
    if (caller?.sight === undefined) stream.watcher.end();
    else stream.sight = caller.sight;
  }

  /** Calls `run` in slices, because thousands of sockets take some time. */
  async function forEachStream(run: (stream: Stream) => void): Promise<void> {
    const pace = startPace();
    for (const stream of [...streams]) {
      if (pace.isDue()) await pace.rest();
      if (streams.has(stream)) run(stream);
    }
  }

  /** Counts a stream of a caller, who has no name if all callers share it. */
  function admit(name: string | undefined): void {
    if (isStopped) throw shuttingDown();
    if (streams.size >= MAX_STREAMS)
      throw new AppError(
        'unavailable',
        `There are ${MAX_STREAMS} streams of changes, which is the most. Try again later.`,
      );
    if (name === undefined) return;
    const own = countOf.get(name) ?? 0;
    if (own >= MAX_STREAMS_OF_CALLER)
      throw new TooManyRequests(
        HEARTBEAT_SECONDS,
        `${name} has ${own} streams of changes, which is the most. Close one of them first.`,
      );
    countOf.set(name, own + 1);
  }

  function leave(name: string | undefined): void {
    if (name === undefined) return;
    const left = countOf.get(name)! - 1;
    if (left > 0) countOf.set(name, left);
    else countOf.delete(name);
  }

  return {
    watch(watcher) {
      const { identity, sight } = watcher.caller;
      if (!identity || sight === undefined) throw new Error('A caller without sight wants to watch.');
      // Of a service that is open to everybody, all callers have the same name.
      const name = identity.proof === 'open' ? undefined : identity.name;
      admit(name);
      const stream = { watcher, sight, beats: 0 };
      streams.add(stream);
      if (streams.size === 1) start();
      watcher.send(writeEvent('hello', renderHello(version)));
      return () => {
        streams.delete(stream);
        leave(name);
        if (streams.size === 0) rest();
      };
    },
    count: () => streams.size,
    stop() {
      isStopped = true;
      for (const { watcher } of [...streams]) watcher.end();
    },
  };
}

/** Callers of equal sight get the same. */
const keyOf = ({ user, accounts }: OwnSight): string => JSON.stringify([user, accounts]);

/** Ends the streams as soon as the service stops, which the requests in flight would otherwise wait for. */
export const livePart = (live: RunningLive): Part<RunningLive> => ({
  name: 'live',
  stopWithinMs: 1000,
  start: () => live,
  stop: () => live.stop(),
});
