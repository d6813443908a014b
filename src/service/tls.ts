import type { Log } from '../log.ts';
import { type Certificate, type CertificateFiles, readCertificate } from './certificate.ts';
import type { Listening } from './listening.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';
import { type Renewal, renewCertificate } from './renewal.ts';

const STOP_MS = 1000;

interface TlsOptions {
  readonly files: CertificateFiles;
  /** Their content at the start. */
  readonly certificate: Certificate;
  readonly places: readonly Listening[];
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'watchCertificate' | 'watchLoop'>;
}

/** Keeps the certificate of all places as its files are. */
export function tlsPart({ files, certificate, places, now, log, metrics }: TlsOptions): Part<Renewal> {
  const stopped = Promise.withResolvers<'stopped'>();
  // The servers before. They must be gone before others retire.
  let retiring: Promise<void>[] = [];

  async function use(next: Certificate): Promise<void> {
    const outcome = await Promise.race([Promise.all(retiring), stopped.promise]);
    if (outcome === 'stopped') return;
    retiring = [];
    for (const place of places) retiring.push(place.renew(next).retired);
  }

  return {
    name: 'tls',
    stopWithinMs: STOP_MS,
    start() {
      const renewal = renewCertificate({
        current: certificate,
        read: () => readCertificate(files),
        use,
        now,
        log,
      });
      metrics.watchCertificate(renewal.expiresMs);
      metrics.watchLoop('tls', renewal.state);
      return renewal;
    },
    stop(renewal) {
      stopped.resolve('stopped');
      return renewal.stop();
    },
  };
}
