import { AppError } from '../domain/errors.ts';

/** One body that is coming in. */
interface Arrival extends Disposable {
  /** Has to be told of bytes before they are kept; `unavailable` when there is no room for them. */
  take(bytes: number): void;
}

/**
 * Bounds the bytes that all large bodies on their way in hold together. When there is no room left, the one that came
 * last gives up, so that the others can be finished. None may need more than `maxBytes` by itself.
 */
export function limitIntake(maxBytes: number): { open(): Arrival } {
  /** What each holds, in the order of arrival. */
  const arrivals = new Map<Arrival, number>();
  const held = () => arrivals.values().reduce((sum, bytes) => sum + bytes, 0);

  return {
    open() {
      const arrival: Arrival = {
        take(bytes) {
          while (arrivals.has(arrival) && held() + bytes > maxBytes)
            arrivals.delete([...arrivals.keys()].at(-1)!);
          const own = arrivals.get(arrival);
          if (own === undefined) {
            throw new AppError('unavailable', 'Too many batches are coming in; try again in a second.');
          }
          arrivals.set(arrival, own + bytes);
        },
        [Symbol.dispose]: () => void arrivals.delete(arrival),
      };
      arrivals.set(arrival, 0);
      return arrival;
    },
  };
}
