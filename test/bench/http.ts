import { resolve } from 'node:path';

/** Limit of one request. */
const TIMEOUT_MS = 30_000;

/** Sends a GET that must be answered 2xx; returns the body and the milliseconds until its last byte. */
export async function timeGet(url: string): Promise<{ ms: number; body: string }> {
  const startedMs = performance.now();
  const response = await fetch(url, {
    headers: { 'accept-encoding': 'identity' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const bytes = await response.arrayBuffer();
  const ms = performance.now() - startedMs;
  const body = new TextDecoder().decode(bytes);
  if (!response.ok) throw new Error(`GET ${url} was answered ${response.status}: ${body.slice(0, 300)}`);
  return { ms, body };
}

/**
 * Sends a POST of JSON; returns the answer, whatever its status, and the milliseconds until its last byte.
 */
export async function timePost(url: string, json: string | Uint8Array<ArrayBuffer>) {
  const startedMs = performance.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: json,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = await response.text();
  return { ms: performance.now() - startedMs, status: response.status, isOk: response.ok, body };
}

/**
 * Returns the milliseconds of each of `posts` POSTs of one
 * sample, one after the other, while `beside` is repeated.
 */
export async function timeSamples(
  { url, jobIds, posts }: { url: string; jobIds: readonly string[]; posts: number },
  beside: () => Promise<unknown> = () => Bun.sleep(5),
): Promise<number[]> {
  const probe = Bun.spawn([process.execPath, resolve(import.meta.dir, 'probe.ts'), url, String(posts)], {
    stdin: new Blob([JSON.stringify(jobIds)]),
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const output = new Response(probe.stdout).text();
  do await beside();
  while (probe.exitCode === null && probe.signalCode === null);
  if ((await probe.exited) !== 0) throw new Error('The POSTs beside it failed.');
  return JSON.parse(await output);
}
