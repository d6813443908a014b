import { expect, test } from 'bun:test';
import { createAudience } from '../../src/access/audience.ts';
import type { Peer } from '../../src/access/way.ts';

const isMeant = createAudience({
  names: new Set(['localhost', 'head01', 'head01.example.org']),
  publicHosts: ['jobs.example.org'],
  ownAddresses: () => ['127.0.0.1', '10.0.0.1', 'fe80::1'],
});

const at = (address: string, port = 8080): Peer => ({
  kind: 'tcp',
  address: '10.0.0.7',
  port: 5,
  listener: { address, port },
  isConnected: () => true,
});

test.each([
  ['head01:8080', at('10.0.0.1')],
  ['HEAD01.Example.org.:8080', at('0.0.0.0')],
  ['10.0.0.1:8080', at('10.0.0.1')],
  ['10.0.0.1:8080', at('0.0.0.0')],
  ['127.0.0.1:8080', at('127.0.0.1')],
  ['[::1]:8080', at('::1')],
  ['[fe80::1]:8080', at('::')],
  ['10.0.0.1:8080', at('::')],
  ['head01', at('10.0.0.1', 80)],
  ['head01', at('10.0.0.1', 443)],
  ['jobs.example.org', at('127.0.0.1')],
])('a credential for %s is meant for %j', (host, peer) => {
  expect(isMeant(host, { peer, requestHost: 'anything' })).toBe(true);
});

test.each([
  ['head01:9999', at('10.0.0.1')],
  ['head01', at('10.0.0.1')],
  ['head01:80', at('10.0.0.1')],
  ['head02:8080', at('10.0.0.1')],
  ['10.0.0.66:8080', at('10.0.0.1')],
  ['10.0.0.66:8080', at('0.0.0.0')],
  ['127.0.0.2:8080', at('127.0.0.1')],
  ['[::1]:8080', at('127.0.0.1')],
  ['10.0.0.1:8080', at('127.0.0.1')],
  ['jobs.example.org:8080', at('127.0.0.1')],
  ['head01:8080:8080', at('10.0.0.1')],
  ['', at('10.0.0.1', 80)],
])('a credential for %s is not meant for %j, also when its request says so', (host, peer) => {
  expect(isMeant(host, { peer, requestHost: host })).toBe(false);
});

test('at a unix socket a credential names the host of its request', () => {
  const peer = { kind: 'unix', path: '/run/http.sock' } as const;
  expect(isMeant('Localhost', { peer, requestHost: 'localhost' })).toBe(true);
  expect(isMeant('head01:9999', { peer, requestHost: 'localhost' })).toBe(false);
});
