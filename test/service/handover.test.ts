import { expect, test } from 'bun:test';
import { handOver, openWithFile } from '../../src/service/handover.ts';

const HOST = '127.0.0.1';
const open = (answer: string, port: number, reusePort: boolean) =>
  Bun.serve({ hostname: HOST, port, reusePort, fetch: () => new Response(answer) });

/** Asks over new connections, and counts the answers. */
async function ask(port: number, times: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let number = 0; number < times; number++) {
    const answer = await fetch(`http://${HOST}:${port}/`, { headers: { connection: 'close' } });
    const text = await answer.text();
    counts[text] = (counts[text] ?? 0) + 1;
  }
  return counts;
}

test('before a handover nobody else can listen on the port', async () => {
  const { server } = openWithFile(() => open('first', 0, false));
  expect(() => open('other', server.port!, true)).toThrow('in use');
  await server.stop(true);
});

test('from a handover on, all new connections reach the new listener, again and again', async () => {
  let current = openWithFile(() => open('0', 0, false));
  const port = current.server.port!;
  for (let number = 1; number <= 3; number++) {
    const old = current;
    current = handOver(old.file, () => open(String(number), port, true));
    expect(await ask(port, 40)).toEqual({ [number]: 40 });
    await old.server.stop();
    expect(await ask(port, 40)).toEqual({ [number]: 40 });
  }
  await current.server.stop(true);
});

test('a handover does not touch other listeners', async () => {
  const other = openWithFile(() => open('other', 0, false));
  const old = openWithFile(() => open('old', 0, false));
  const current = handOver(old.file, () => open('new', old.server.port!, true));
  expect(await ask(other.server.port!, 10)).toEqual({ other: 10 });
  expect(await ask(old.server.port!, 10)).toEqual({ new: 10 });
  await Promise.all([other, old, current].map(({ server }) => server.stop(true)));
});

test('a listener that cannot be opened leaves the old one as it was', async () => {
  const old = openWithFile(() => open('old', 0, false));
  const fail = () => {
    throw new Error('no such key');
  };
  expect(() => handOver(old.file, fail)).toThrow('no such key');
  expect(await ask(old.server.port!, 10)).toEqual({ old: 10 });
  await old.server.stop(true);
});
