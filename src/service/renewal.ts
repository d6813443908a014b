import { OperatorError } from '../domain/errors.ts';
import { formatTime } from '../domain/time.ts';
import type { Log } from '../log.ts';
import { type RepeatState, repeat } from '../repeat.ts';
import type { Certificate } from './certificate.ts';

const CHECK_MS = 60_000;
const DAY_MS = 86_400_000;
/** An administrator hears of it from this time before the end on, once a day. */
const WARN_MS = 14 * DAY_MS;

interface RenewalOptions {
  /** The certificate in use. */
  readonly current: Certificate;
  /** Reads the files; throws OperatorError. */
  readonly read: () => Certificate;
  /** Uses another certificate for new connections. Rejects if that is not possible. */
  readonly use: (certificate: Certificate) => Promise<void>;
  readonly now: () => number;
  readonly everyMs?: number;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
}

export interface Renewal {
  /** Reads the files now, and says again what is wrong with them. */
  reload(): void;
  /** When the certificate in use expires, in milliseconds since 1970. */
  expiresMs(): number;
  state(): RepeatState;
  stop(): Promise<void>;
}

/**
 * Reads the files of TLS every minute, and uses them if they have changed and are right. Otherwise the
 * certificate stays, which is logged once; so is each day from 14 days before its end on.
 */
export function renewCertificate({
  read,
  use,
  now,
  log,
  everyMs = CHECK_MS,
  ...started
}: RenewalOptions): Renewal {
  let { current } = started;
  let lastFault = '';
  let lastWarningMs = Number.NEGATIVE_INFINITY;

  /** A certificate and its key are two files, so that they may not fit until the next time. */
  async function renew(): Promise<void> {
    const found = read();
    if (found.digest === current.digest) return;
    if (found.expiresMs < now() && current.expiresMs >= now())
      throw new OperatorError(`The new certificate expired on ${formatTime(found.expiresMs)}.`);
    await use(found);
    current = found;
    lastWarningMs = Number.NEGATIVE_INFINITY;
    log.info('certificate_loaded', { expires: formatTime(found.expiresMs) });
  }

  function warnOfEnd(): void {
    const leftMs = current.expiresMs - now();
    if (leftMs > WARN_MS || now() - lastWarningMs < DAY_MS) return;
    lastWarningMs = now();
    const message =
      leftMs > 0
        ? 'Renew the certificate in --tls-cert; no restart is needed.'
        : 'Clients refuse the service. Renew the certificate in --tls-cert; no restart is needed.';
    log.warn(leftMs > 0 ? 'certificate_expires' : 'certificate_expired', {
      expires: formatTime(current.expiresMs),
      days: Math.floor(leftMs / DAY_MS),
      message,
    });
  }

  const loop = repeat({
    everyMs,
    run: async () => {
      try {
        await renew();
        lastFault = '';
      } catch (cause) {
        const fault = cause instanceof Error ? cause.message : String(cause);
        if (fault !== lastFault)
          log.error('certificate_not_loaded', {
            cause: cause instanceof OperatorError ? cause.message : cause,
            message: 'The certificate in use stays.',
          });
        lastFault = fault;
      }
      warnOfEnd();
      return undefined;
    },
    onError: (cause) => log.error('certificate_check_failed', { cause }),
  });

  return {
    reload() {
      lastFault = '';
      loop.wake();
    },
    expiresMs: () => current.expiresMs,
    state: loop.state,
    stop: loop.stop,
  };
}
