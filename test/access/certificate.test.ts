import { expect, test } from 'bun:test';
import { certificateWay } from '../../src/access/certificate.ts';
import type { Peer } from '../../src/access/way.ts';

const request = new Request('http://localhost/');
const tcp = (hasCertificate: boolean): Peer => ({
  kind: 'tcp',
  address: '10.0.0.1',
  port: 40_000,
  listener: { address: '0.0.0.0', port: 8444 },
  hasCertificate,
  isConnected: () => true,
});

test('a program with a certificate has the role of the setting, and others use another way', () => {
  const way = certificateWay('viewer');
  expect(way({ request, peer: tcp(true) })).toEqual({
    name: 'client-certificate',
    proof: 'certificate',
    isLocal: false,
    role: 'viewer',
  });
  for (const peer of [tcp(false), { kind: 'unix', path: '/run/x' } as const, undefined])
    expect(way({ request, peer })).toBeUndefined();
});
