import { AppError } from '../../domain/errors.ts';

/** One large body, from its arrival until its rows are stored. */
export interface Arrival extends Disposable {
  /** Has to be told of bytes before they are kept; `unavailable` when there is no room for them. */
  take(bytes: number): void;
}

/**
 * Bounds the bytes of all large bodies that are being read or stored. They share `maxBytes`; one that finds no room
 * there has a place of its own, whatever its size, so that there is always one that can be finished.
 */
export function limitIntake(maxBytes: number): { open(): Arrival } {
  let sharedBytes = 0;
  let alone: Arrival | undefined;

  return {
    open() {
      let ownBytes = 0;
      const share = (bytes: number) => {
        ownBytes += bytes;
        sharedBytes += bytes;
      };
      const arrival: Arrival = {
        take(bytes) {
          if (alone === arrival) return;
          share(bytes);
          if (sharedBytes <= maxBytes) return;
          if (alone) {
            throw new AppError('unavailable', 'Too many batches are coming in; try again in a second.');
          }
          alone = arrival;
          share(-ownBytes);
        },
        [Symbol.dispose]() {
          share(-ownBytes);
          if (alone === arrival) alone = undefined;
        },
      };
      return arrival;
    },
  };
}
