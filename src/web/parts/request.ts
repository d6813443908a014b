/** Why the service did not answer as hoped: its own sentence, or what happened to the connection. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

type Value = string | number | undefined;
/** Parameters by name, or as pairs where a name is repeated. */
export type Query = Readonly<Record<string, Value>> | readonly (readonly [name: string, value: Value])[];

/** Returns the address of something in the API, such as `v1/jobs`. */
export function apiAddress(path: string, query: Query = {}): string {
  const url = new URL(path, document.baseURI);
  const pairs: readonly (readonly [string, Value])[] = Array.isArray(query) ? query : Object.entries(query);
  for (const [name, value] of pairs) {
    if (value !== undefined && value !== '') url.searchParams.append(name, String(value));
  }
  return url.href;
}

/** Returns the path of something of a job, such as its runs. */
export const jobPath = (id: string, part = ''): string => `v1/jobs/${encodeURIComponent(id)}${part}`;

/** Reads JSON from the API. Rejects with RequestError; with the reason of `signal` when that is aborted. */
export async function getJson<Answer>(path: string, query: Query, signal: AbortSignal): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(apiAddress(path, query), { signal, headers: { accept: 'application/json' } });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new RequestError(0, 'The service does not answer.');
  }
  if (response.ok) return (await response.json()) as Answer;
  throw new RequestError(response.status, await readMessage(response));
}

async function readMessage(response: Response): Promise<string> {
  try {
    return ((await response.json()) as { message: string }).message;
  } catch {
    return `The service answered ${response.status}.`;
  }
}
