import { Elysia } from 'elysia';
import { withoutBase } from '../url.ts';
import { givenId, nameRequest, REQUEST_ID } from './request-id.ts';

/** Called once for every answered request; `route` is its pattern, or `unknown`. */
export type ObserveRequest = (
  method: string,
  route: string,
  status: number,
  seconds: number,
  requestId: string | undefined,
) => void;

interface TimingOptions {
  readonly observeRequest: ObserveRequest;
  /** Whether every request has an id; otherwise only those that bring one, and those that fail. */
  readonly namesRequests: boolean;
  /** The routes under this path are observed as those without it. */
  readonly basePath: string;
}

/** Measures every request from its arrival to its answer. */
export const timing = ({ observeRequest, namesRequests, basePath }: TimingOptions) => {
  const idOf = namesRequests ? nameRequest : givenId;
  return (
    new Elysia({ name: 'timing' })
      // In the request's context, because a map from requests to times costs more than everything else here.
      .decorate('startedMs', 0)
      .onRequest((context) => {
        context.startedMs = performance.now();
        const id = idOf(context.request);
        // A header costs 2 % of a POST of one sample, so that most answers do without.
        if (id !== undefined) context.set.headers[REQUEST_ID] = id;
      })
      .onAfterResponse({ as: 'global' }, ({ request, route, set, startedMs = performance.now() }) => {
        const seconds = (performance.now() - startedMs) / 1000;
        const id = set.headers[REQUEST_ID]?.toString();
        // Undefined for a path without a route.
        const pattern = route ? withoutBase(route, basePath) : 'unknown';
        observeRequest(request.method, pattern, Number(set.status ?? 200), seconds, id);
      })
  );
};
