import { type Checkup, ok, wrong } from '../domain/checkup.ts';

const DAY_MS = 86_400_000;
/** The service logs a warning from here on, too. */
const SOON_DAYS = 14;

/** Judges when a certificate expires. */
export function judgeCertificate(file: string, expiresMs: number, nowMs: number): Checkup {
  const days = Math.floor((expiresMs - nowMs) / DAY_MS);
  const advice =
    'Renew it; the service reads the new file by itself, or at once after systemctl reload hpc-observe.';
  if (expiresMs <= nowMs)
    return wrong(`The certificate ${file} has expired: browsers and agents refuse it.`, advice);
  if (days < SOON_DAYS) return wrong(`The certificate ${file} expires in ${days} days.`, advice);
  return ok(`The certificate ${file} is valid for ${days} more days.`);
}
