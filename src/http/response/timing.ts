import { Elysia } from 'elysia';

/** Called once for every answered request; `route` is its pattern, or `unknown`. */
export type ObserveRequest = (method: string, route: string, status: number, seconds: number) => void;

/** Measures every request from its arrival to its answer. */
export const timing = ({ observeRequest }: { observeRequest: ObserveRequest }) =>
  new Elysia({ name: 'timing' })
    // In the request's context, because a map from requests to times costs more than everything else here.
    .decorate('startedMs', 0)
    .onRequest((context) => {
      context.startedMs = performance.now();
    })
    .onAfterResponse({ as: 'global' }, ({ request, route, set, startedMs = performance.now() }) => {
      const seconds = (performance.now() - startedMs) / 1000;
      observeRequest(request.method, route || 'unknown', Number(set.status ?? 200), seconds);
    });
