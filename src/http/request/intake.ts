import { AppError } from '../../domain/errors.ts';

/** The memory of one large body, from its first byte until its rows are stored. */
export interface Intake extends Disposable {
  /** Call this before bytes are held in memory. Throws `unavailable` when there is no room for them. */
  reserve(bytes: number): void;
}

/**
 * Bounds the bytes of all large bodies that are being read or stored. They
 * share `maxBytes`; one body that finds no room there is admitted alone,
 * whatever its size, so that there is always one that can be completed.
 */
export function limitIntake(maxBytes: number): { open(): Intake } {
  let sharedBytes = 0;
  let alone: Intake | undefined;

  return {
    open() {
      let ownBytes = 0;
      const share = (bytes: number) => {
        ownBytes += bytes;
        sharedBytes += bytes;
      };
      const intake: Intake = {
        reserve(bytes) {
          if (alone === intake) return;
          share(bytes);
          if (sharedBytes <= maxBytes) return;
          if (alone) {
            throw new AppError('unavailable', 'Too many batches are being received; try again in a second.');
          }
          alone = intake;
          share(-ownBytes);
        },
        [Symbol.dispose]() {
          share(-ownBytes);
          if (alone === intake) alone = undefined;
        },
      };
      return intake;
    },
  };
}
