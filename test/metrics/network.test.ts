import { expect, test } from 'bun:test';
import { Registry } from 'prom-client';
import { addNetworkMetrics } from '../../src/metrics/network.ts';

/** The lines without HELP and TYPE. */
const samplesOf = async (registry: Registry) =>
  (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('the certificate in use is shown by the time of its end, and without TLS there is no value', async () => {
  const registry = new Registry();
  let expiresMs: number | undefined;
  const { observeIgnoredHeader } = addNetworkMetrics(registry, () => expiresMs);
  expect(await samplesOf(registry)).toEqual(['hpc_observe_proxy_headers_ignored_total 0']);
  expiresMs = 1_800_000_000_500;
  observeIgnoredHeader();
  expect(await samplesOf(registry)).toEqual([
    'hpc_observe_proxy_headers_ignored_total 1',
    'hpc_observe_tls_certificate_expiry_timestamp_seconds 1800000000.5',
  ]);
});
