import { randomBytes } from 'node:crypto';

/** The header with the id of a request, in the request and in its answer. */
export const REQUEST_ID = 'x-request-id';

/** An id that a client may choose; anything else could forge lines of the log. */
const SAFE_ID = /^[\w.:-]{1,64}$/;

/** Makes the ids of each start of the service different; a random id for each request would be slower. */
const PROCESS_ID = randomBytes(6).toString('base64url');
let count = 0;

/** Returns the id that a request brings; undefined if there is none, or none that is safe. */
export function givenId(request: Request): string | undefined {
  const id = request.headers.get(REQUEST_ID);
  return id !== null && SAFE_ID.test(id) ? id : undefined;
}

/** Returns the id that a request brings, or a new one. */
export const nameRequest = (request: Request): string =>
  givenId(request) ?? `${PROCESS_ID}-${(++count).toString(36)}`;
