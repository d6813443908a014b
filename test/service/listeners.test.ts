import { expect, test } from 'bun:test';
import { UsageError } from '../../src/domain/errors.ts';
import { certificateFilesOf, placesOf } from '../../src/service/listeners.ts';
import { describeListener } from '../../src/settings/listener.ts';

const NOTHING = {
  host: '127.0.0.1',
  port: 8080,
  listen: [],
  tlsCert: null,
  tlsKey: null,
  clientListen: [],
  clientCa: null,
};
const TLS = { ...NOTHING, tlsCert: 'c', tlsKey: 'k' };
const CLIENTS = { ...TLS, clientCa: 'a', clientListen: ['[::]:8444'] };
const MIXED = ['0.0.0.0:8443', 'http://127.0.0.1:8080', 'unix:/run/x'];

test.each([
  ['nothing', NOTHING, ['127.0.0.1:8080 plain']],
  ['a certificate', TLS, ['127.0.0.1:8080 tls']],
  [
    'several places',
    { ...NOTHING, listen: MIXED },
    ['0.0.0.0:8443 plain', '127.0.0.1:8080 plain', 'unix:/run/x plain'],
  ],
  [
    'several places and a certificate',
    { ...TLS, listen: MIXED },
    ['0.0.0.0:8443 tls', '127.0.0.1:8080 plain', 'unix:/run/x plain'],
  ],
  ['an authority for clients', CLIENTS, ['127.0.0.1:8080 tls', '[::]:8444 client-certificates']],
])('with %s it listens as it should', (_, config, expected) => {
  expect(
    placesOf(config).map(({ listener, security }) => `${describeListener(listener)} ${security}`),
  ).toEqual(expected);
});

test('the files of TLS are those of the settings', () => {
  expect(certificateFilesOf(NOTHING)).toBeUndefined();
  expect(certificateFilesOf(TLS)).toEqual({ cert: 'c', key: 'k', clientCa: undefined });
  expect(certificateFilesOf(CLIENTS)).toEqual({ cert: 'c', key: 'k', clientCa: 'a' });
});

test.each([
  [{ ...NOTHING, tlsCert: 'c' }, '--tls-key'],
  [{ ...NOTHING, tlsKey: 'k' }, '--tls-cert'],
  [{ ...TLS, clientCa: 'a' }, '--client-listen'],
  [{ ...TLS, clientListen: ['0.0.0.0:1'] }, '--client-ca'],
  [{ ...CLIENTS, tlsCert: null, tlsKey: null }, '--tls-cert'],
])('settings of TLS that lack one (%#) are a fault of the command line', (config, named) => {
  expect(() => certificateFilesOf(config)).toThrow(UsageError);
  expect(() => certificateFilesOf(config)).toThrow(named);
});
