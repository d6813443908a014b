import { expect, test } from 'bun:test';
import { openConnection } from '../help/connection.ts';
import { serve } from '../help/executable.ts';

/** Opens streams; the returned function resolves to the milliseconds until all of them have ended. */
async function openStreams(url: string, count: number) {
  const answers = await Promise.all(Array.from({ length: count }, () => fetch(`${url}/v1/live`)));
  const readers = answers.map(({ body }) => body!.getReader());
  for (const reader of readers) await reader.read();
  return async () => {
    const startedMs = performance.now();
    await Promise.all(
      readers.map(async (reader) => {
        while (!(await reader.read()).done);
      }),
    );
    return performance.now() - startedMs;
  };
}

const postJob = (url: string, id: string) =>
  fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, user: 'alice', nodes: ['n1'] }),
  });

test('open streams end at once when the service stops, and do not delay it', async () => {
  await using server = await serve({ args: ['--open'] });
  const ended = await openStreams(server.url, 50);
  using _unread = await openConnection(server.url, { isReading: false });
  _unread.send('GET /v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await Bun.sleep(200);
  const startedMs = performance.now();
  const stopped = server.stop('SIGTERM');
  expect(await ended()).toBeLessThan(1000);
  expect(await stopped).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(3000);
});

test('a quiet stream outlives the idle timeout of connections', async () => {
  await using server = await serve();
  const answer = await fetch(`${server.url}/v1/live`);
  const reader = answer.body!.getReader();
  const names: string[] = [];
  const next = async () => {
    const text = new TextDecoder().decode((await reader.read()).value);
    names.push(...[...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name!));
  };
  while (names.length < 3) await next();
  // The timeout is 30 s.
  await Bun.sleep(5000);
  await postJob(server.url, 'late');
  await next();
  expect(names).toEqual(['hello', 'heartbeat', 'heartbeat', 'change']);
  await reader.cancel();
});
