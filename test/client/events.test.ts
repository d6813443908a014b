import { expect, test } from 'bun:test';
import { readEvents } from '../../src/client/events.ts';

async function* pieces(text: string, size: number) {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const read = (text: string, size = text.length * 4) => Array.fromAsync(readEvents(pieces(text, size)));

test('events are read however they are cut, without comments and without one that is cut off', async () => {
  const text =
    ': hello\n\nevent: change\r\ndata: {"a":"ü"}\r\n\r\ndata:1\n\nevent: heartbeat\ndata: {}\n\nevent: x\nda';
  const events = [
    { name: 'change', data: { a: 'ü' } },
    { name: 'message', data: 1 },
    { name: 'heartbeat', data: {} },
  ];
  for (const size of [1, 2, 3, 1000]) expect(await read(text, size)).toEqual(events);
});

test('an event that is not JSON or never ends is no answer of the service', async () => {
  await expect(read('data: {\n\n')).rejects.toThrow('An event of the answer is not valid JSON.');
  await expect(read(`data: ${'x'.repeat(2_000_000)}`, 65_536)).rejects.toThrow('too long');
});
