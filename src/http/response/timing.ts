import { Elysia } from 'elysia';

/** Told of every request once it is answered; `route` is the pattern, `unknown` when there is none. */
export type ObserveRequest = (method: string, route: string, status: number, seconds: number) => void;

/** Times every request, from its arrival to its answer. */
export const requests = ({ observeRequest }: { observeRequest: ObserveRequest }) =>
  new Elysia({ name: 'requests' })
    // Kept in the request's own context: a map from requests to times costs more than the rest of this.
    .decorate('startedMs', 0)
    .onRequest((context) => {
      context.startedMs = performance.now();
    })
    .onAfterResponse({ as: 'global' }, ({ request, route, set, startedMs = performance.now() }) => {
      const seconds = (performance.now() - startedMs) / 1000;
      observeRequest(request.method, route || 'unknown', Number(set.status ?? 200), seconds);
    });
