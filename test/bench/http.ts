/** An answer that takes longer than this counts as none. */
const TIMEOUT_MS = 30_000;

/** A GET that has to be answered 2xx: the answer and the milliseconds until its last byte. */
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

/** A POST of JSON, whatever it is answered. */
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

/** Milliseconds of each of so many POSTs of one sample, one after the other, while `beside` runs again and again. */
export async function timeSamples(
  { url, jobIds, posts }: { url: string; jobIds: readonly string[]; posts: number },
  beside: () => Promise<unknown> = () => Bun.sleep(5),
): Promise<number[]> {
  let isDone = false;
  const besides = (async () => {
    do await beside();
    while (!isDone);
  })();
  const times: number[] = [];
  for (let count = 0; count < posts; count++) {
    const path = `/v1/jobs/${jobIds[count % jobIds.length]}/metrics`;
    const { ms, isOk, status, body } = await timePost(
      `${url}${path}`,
      '{"cpu_usage":75.53,"memory_usage_mb":4096,"gpu_usage":50}',
    );
    if (!isOk) throw new Error(`POST ${path} was answered ${status}: ${body}`);
    times.push(ms);
    await Bun.sleep(2);
  }
  isDone = true;
  await besides;
  return times;
}
