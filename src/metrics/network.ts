import { Counter, Gauge, type Registry } from 'prom-client';

/** The families of how the service is reached. */
export interface NetworkMetrics {
  /** Counts a header with a user's name that did not come from a trusted proxy. */
  observeIgnoredHeader(): void;
}

/** Adds the families. `certificateExpiresMs` is read at every scrape; it returns undefined without TLS. */
export function addNetworkMetrics(
  registry: Registry,
  certificateExpiresMs: () => number | undefined,
): NetworkMetrics {
  const registers = [registry];
  const ignored = new Counter({
    name: 'hpc_observe_proxy_headers_ignored_total',
    help: 'Requests whose header named a user, but that did not come from a trusted proxy',
    registers,
  });
  new Gauge({
    name: 'hpc_observe_tls_certificate_expiry_timestamp_seconds',
    help: 'When the TLS certificate in use, or one of its chain, expires, in seconds since 1970; no value without TLS',
    registers,
    collect() {
      const expiresMs = certificateExpiresMs();
      this.reset();
      if (expiresMs === undefined) this.remove();
      else this.set(expiresMs / 1000);
    },
  });
  return { observeIgnoredHeader: () => ignored.inc() };
}
