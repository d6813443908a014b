import { Elysia } from 'elysia';

/** Told of every request once it is answered; `route` is the pattern, `unknown` when there is none. */
export type ObserveRequest = (method: string, route: string, status: number, seconds: number) => void;

/** Times every request. */
export const requests = ({ observeRequest }: { observeRequest: ObserveRequest }) => {
  const startedMs = new WeakMap<Request, number>();
  return new Elysia({ name: 'requests' })
    .onRequest(({ request }) => {
      startedMs.set(request, performance.now());
    })
    .onAfterResponse({ as: 'global' }, ({ request, route, set }) => {
      const seconds = (performance.now() - (startedMs.get(request) ?? performance.now())) / 1000;
      observeRequest(request.method, route || 'unknown', Number(set.status ?? 200), seconds);
    });
};
