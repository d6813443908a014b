import { AppError } from './errors.ts';

interface GateOptions {
  /** Callers that may be inside at the same time. */
  readonly places: number;
  /** Callers that may wait for a place. */
  readonly waiting: number;
  /** Message of the error when too many wait. */
  readonly message: string;
}

export interface Gate {
  /**
   * Waits for a place, in the order of arrival, and resolves to the function that leaves it. Rejects with
   * `unavailable` at once if too many wait, and with the signal's reason if that is aborted first.
   */
  enter(signal?: AbortSignal): Promise<() => void>;
}

/** Limits the callers that do something at the same time, and those that wait for it. */
export function createGate({ places, waiting, message }: GateOptions): Gate {
  const queue = new Set<() => void>();
  let free = places;

  function leaver(): () => void {
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      const [next] = queue;
      if (next) next();
      else free++;
    };
  }

  return {
    async enter(signal) {
      signal?.throwIfAborted();
      if (free > 0) {
        free--;
        return leaver();
      }
      if (queue.size >= waiting) throw new AppError('unavailable', message);
      await new Promise<void>((resolve, reject) => {
        const end = (settle: () => void) => {
          queue.delete(enter);
          signal?.removeEventListener('abort', giveUp);
          settle();
        };
        const enter = () => end(resolve);
        const giveUp = () => end(() => reject(signal!.reason));
        queue.add(enter);
        signal?.addEventListener('abort', giveUp);
      });
      return leaver();
    },
  };
}
