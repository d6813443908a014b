import { expect, test } from 'bun:test';
import { startPusher } from '../../src/push/pusher.ts';
import { snapshotQueue } from '../../src/push/queue.ts';
import { receiver } from '../../src/push/receiver.ts';
import { textBodies } from '../../src/push/text.ts';
import { until } from '../help/prometheus.ts';

type Answer = () => Response | Promise<Response>;

/** A receiver whose answers a test sets, and a pusher that sends to it. */
function scene({ timeoutMs = 5000, authorization }: { timeoutMs?: number; authorization?: string } = {}) {
  let answer: Answer = () => new Response(null, { status: 204 });
  const received: string[] = [];
  const headers: Headers[] = [];
  const server = Bun.serve({
    port: 0,
    async fetch(request) {
      const text = new TextDecoder().decode(Bun.gunzipSync(await request.arrayBuffer()));
      headers.push(request.headers);
      const response = await answer();
      if (response.ok) received.push(text);
      return response;
    },
  });
  const events: string[] = [];
  const messages: string[] = [];
  const note = (event: string, fields: Record<string, unknown>) => {
    events.push(event);
    messages.push(String((fields.cause as Error | undefined)?.message ?? fields.message));
  };
  let clock = 1000;
  let rendered = 0;
  const pusher = startPusher({
    intervalMs: 20,
    render: async () =>
      new TextEncoder().encode(
        `# TYPE hpc_job_total counter\nhpc_job_total ${++rendered}\na{job="${rendered}"} 1\n`,
      ),
    queue: snapshotQueue({ maxSnapshots: 3, maxBytes: 1e6 }),
    cut: textBodies,
    send: receiver({
      url: `${server.url}api/v1/import/prometheus?token=hidden`,
      type: 'text/plain',
      timeoutMs,
      ...(authorization && { authorization }),
    }),
    now: () => clock++,
    random: () => 0,
    log: { info: note, warn: note },
  });
  return {
    pusher,
    received,
    headers,
    events,
    messages,
    rendered: () => rendered,
    set: (next: Answer) => {
      answer = next;
    },
    waitFor: (isSo: () => boolean) => until(async () => (isSo() ? true : undefined)),
    async [Symbol.asyncDispose]() {
      await pusher.stop();
      await server.stop(true);
    },
  };
}

/** The jobs of these texts, each once: what a stop interrupts is sent again, even if it had been received. */
const jobsIn = (texts: readonly string[]) => [
  ...new Set([...texts.join('').matchAll(/^a\{job="(\d+)"\}/gm)].map(([, job]) => Number(job))),
];

test('what a receiver misses while it is away is sent when it is back; it is logged once, and counted', async () => {
  await using one = scene({ authorization: 'Bearer secret' });
  await one.waitFor(() => one.received.length >= 2);
  one.set(() => new Response('busy', { status: 503 }));
  await one.waitFor(() => one.pusher.counts().coalesced > 3 && one.pusher.counts().failures >= 2);
  expect(one.pusher.counts().snapshots).toBeWithin(2, 4);
  one.set(() => new Response(null, { status: 204 }));
  await one.waitFor(() => one.events.includes('push_works_again'));
  await one.pusher.stop();
  expect(one.events).toEqual(['push_failed', 'push_works_again']);
  expect(one.messages[0]).toMatch(/^http:\/\/[^ ]+\/api\/v1\/import\/prometheus answered 503: busy$/);
  // Each job was in one snapshot alone, as one that ended was.
  expect(jobsIn(one.received).sort((a, b) => a - b)).toEqual(
    Array.from({ length: one.rendered() }, (_, index) => index + 1),
  );
  expect(one.headers.every((each) => each.get('authorization') === 'Bearer secret')).toBe(true);
  const { snapshots, dropped, refusedSamples, sentSamples, coalesced } = one.pusher.counts();
  expect([snapshots, dropped, refusedSamples]).toEqual([0, 0, 0]);
  expect(sentSamples + coalesced).toBe(2 * one.rendered());
});

test('a body that will never be taken is dropped and counted, and the next ones are sent', async () => {
  await using one = scene();
  one.set(() => new Response('out of order', { status: 400 }));
  await one.waitFor(() => one.pusher.counts().refusedSamples >= 4);
  one.set(() => Response.json({ partialSuccess: { rejectedDataPoints: '1', errorMessage: 'old' } }));
  await one.waitFor(() => one.received.length > 1);
  expect(one.events).toEqual(['push_refused']);
  expect(one.messages[0]).toContain('answered 400: out of order');
  expect(one.pusher.counts().sentSamples).toBeGreaterThan(0);
});

test('a receiver that hangs is given up after the time limit, and one that redirects gets no credentials elsewhere', async () => {
  await using one = scene({ timeoutMs: 50 });
  const hung = Promise.withResolvers<Response>();
  one.set(() => hung.promise);
  await one.waitFor(() => one.events.length > 0);
  hung.resolve(new Response());
  expect(one.messages[0]).toContain('was not reached: no answer within 0.05 s');
  one.set(() => Response.redirect('http://127.0.0.1:1/', 307));
  const before = one.pusher.counts().failures;
  await one.waitFor(() => one.pusher.counts().failures > before);
});

test('a stop sends what waits', async () => {
  const one = scene();
  one.set(() => new Response('busy', { status: 503 }));
  await one.waitFor(() => one.pusher.counts().failures > 0);
  one.set(() => new Response(null, { status: 204 }));
  await one.pusher.stop();
  expect(jobsIn(one.received)).toContain(one.rendered());
  expect(one.pusher.counts().snapshots).toBe(0);
  await one[Symbol.asyncDispose]();
});
