import { Elysia } from 'elysia';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
/** Beside those that browsers always allow. */
const REQUEST_HEADERS = 'authorization, content-type, content-encoding, x-request-id';
const ANSWER_HEADERS = 'retry-after, x-request-id';
const PREFLIGHT_SECONDS = '600';

/**
 * Lets pages of these origins, and of no other, read answers and send requests as their user: Cross-Origin
 * Resource Sharing, as in https://fetch.spec.whatwg.org/#http-cors-protocol.
 */
export const cors = (origins: ReadonlySet<string>) =>
  new Elysia({ name: 'cors' })
    .onRequest(({ request, set }) => {
      set.headers.vary = 'Origin';
      const origin = request.headers.get('origin');
      if (origin === null || !origins.has(origin)) return;
      const isPreflight =
        request.method === 'OPTIONS' && request.headers.has('access-control-request-method');
      if (isPreflight) return preflight(origin);
      Object.assign(set.headers, allow(origin), { 'access-control-expose-headers': ANSWER_HEADERS });
    })
    .onAfterHandle({ as: 'global' }, ({ set }) => {
      const { vary } = set.headers;
      // A route that varies by something else has replaced it.
      if (vary !== 'Origin') set.headers.vary = `${vary}, Origin`;
    });

const allow = (origin: string) => ({
  'access-control-allow-origin': origin,
  'access-control-allow-credentials': 'true',
});

/** Answers a browser that asks whether a page may send a request. */
const preflight = (origin: string) =>
  new Response(null, {
    status: 204,
    headers: {
      ...allow(origin),
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': REQUEST_HEADERS,
      'access-control-max-age': PREFLIGHT_SECONDS,
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    },
  });
