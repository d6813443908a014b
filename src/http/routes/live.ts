import { Elysia } from 'elysia';
import { WATCH_CHANGES } from '../../api/live.ts';
import { type AccessPolicy, judgeAccess } from '../../domain/access.ts';
import type { Caller } from '../../domain/caller.ts';
import { callerContext, type Identify } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { describeEvents, type EventSink, sendEvents } from '../response/event-stream.ts';
import { describe } from '../response/operation.ts';

/** Somebody who watches. */
export interface Watcher extends EventSink {
  readonly caller: Caller;
  /** Finds out again who the caller is and what they may see; undefined if they may not read any more. */
  readonly checkCaller: () => Promise<Caller | undefined>;
  /** Whether the server of the stream has a successor, so that the client shall come again. */
  readonly isRetired: () => boolean;
}

/** Tells those who watch what changes. */
export interface Live {
  /**
   * Tells somebody, until the returned function is called. Throws `too_many_requests` if the caller has too
   * many streams, and `unavailable` if there are too many in all or the service is stopping.
   */
  readonly watch: (watcher: Watcher) => () => void;
}

interface LiveOptions {
  readonly live: Live;
  readonly identify: Identify;
  readonly policy: AccessPolicy;
  readonly isRetired?: (() => boolean) | undefined;
}

/** Streams changes to the pages. */
export const changes = ({ live, identify, policy, isRetired = () => false }: LiveOptions) =>
  new Elysia({ name: 'live', normalize: false }).use(callerContext).get(
    WATCH_CHANGES.path,
    ({ caller, request, server }) => {
      readQuery(request, []);
      if (request.method === 'HEAD') return describeEvents();
      const checkCaller = async () => {
        const found = await identify(request, server);
        return judgeAccess(WATCH_CHANGES.access, found, policy) === 'allowed' ? found : undefined;
      };
      return sendEvents((sink) => live.watch({ ...sink, caller, checkCaller, isRetired }));
    },
    { detail: describe(WATCH_CHANGES) },
  );
