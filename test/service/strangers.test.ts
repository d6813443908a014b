import { expect, test } from 'bun:test';
import type { Security } from '../../src/service/listeners.ts';
import { refuseStrangers } from '../../src/service/strangers.ts';
import { parseListener } from '../../src/settings/listener.ts';

const start = (
  listen: readonly string[],
  { isOpen = false, available = [false], security = 'plain' as Security } = {},
) =>
  refuseStrangers({
    places: listen.map((text) => ({ listener: parseListener(text)!, security })),
    ways: available.map((isAvailable) => ({ isAvailable: () => Promise.resolve(isAvailable) })),
    isOpen,
  });

test.each(['0.0.0.0:8080', '[::]:8080', '10.0.0.1:8080', 'head.example.org:80', '[fe80::1%eth0]:1'])(
  'a start at %s is refused with what to do, unless callers there can prove who they are',
  async (listener) => {
    const refusal = start(['127.0.0.1:8080', listener]);
    await expect(refusal).rejects.toThrow(`Other machines reach ${listener}`);
    await expect(refusal).rejects.toThrow(/munged.*token create.*--open/);
    await start([listener], { isOpen: true });
    await start([listener], { available: [false, true] });
  },
);

test('a start where only this machine can call needs nothing', async () => {
  await start(['127.0.0.1:8080', '127.0.1.1:1', '[::1]:8080', 'localhost:1', 'unix:/run/x.sock']);
});

test('where only programs with a certificate are admitted, nothing else is needed', async () => {
  await start(['0.0.0.0:8444'], { security: 'client-certificates' });
  await expect(start(['0.0.0.0:8443'], { security: 'tls' })).rejects.toThrow('Other machines reach');
});
