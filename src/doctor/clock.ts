import { type Checkup, missing, ok, wrong } from '../domain/checkup.ts';

/** Judges what `timedatectl show` prints; undefined if it could not be asked. */
export function judgeClock(shown: string | undefined): Checkup {
  const isSynchronized = /^NTPSynchronized=(yes|no)$/m.exec(shown ?? '')?.[1];
  if (isSynchronized === 'yes') return ok('The clock follows a time server.');
  if (isSynchronized === 'no')
    return wrong(
      'The clock follows no time server: times of jobs and samples of several machines will not fit together.',
      'Install chrony, or run timedatectl set-ntp true.',
    );
  return missing(
    'Whether the clock follows a time server is not known: timedatectl does not say.',
    'Run chronyc tracking.',
  );
}
