import { useEffect, useRef, useState } from 'preact/hooks';
import type { Concern } from './concern.ts';
import { keepFresh } from './refresh.ts';
import { RequestError } from './request.ts';

/** Something that is read from the API. While it is read anew, the last value stays. */
export interface Resource<Value> {
  readonly value: Value | undefined;
  readonly error: RequestError | undefined;
  /** Whether `value` is of another key, or there is none yet. */
  readonly isLoading: boolean;
}

interface ResourceOptions {
  /** Reads again this long after each answer, while the page can be seen; never if both are left out. */
  readonly everyMs?: number;
  /** Reads again when a change concerns it, and `everyMs` (by default 15 s) only if none are heard of. */
  readonly on?: Concern | undefined;
}

const EVERY_MS = 15_000;

/**
 * Reads something for as long as the component is shown, and anew when `key` changes. A key of undefined
 * reads nothing. What is no longer wanted is cancelled.
 */
export function useResource<Value>(
  key: string | undefined,
  read: (signal: AbortSignal) => Promise<Value>,
  { on, everyMs = on && EVERY_MS }: ResourceOptions = {},
): Resource<Value> {
  const [state, setState] = useState<{ key?: string; value?: Value; error?: RequestError }>({});
  const reader = useRef(read);
  reader.current = read;
  useEffect(() => {
    if (key === undefined) return;
    const stop = new AbortController();
    const load = async () => {
      try {
        const value = await reader.current(stop.signal);
        setState({ key, value });
      } catch (error) {
        if (stop.signal.aborted) return;
        const known = error instanceof RequestError ? error : new RequestError(0, String(error));
        setState((before) => ({ ...before, key, error: known }));
      }
    };
    let stopLoading = () => {};
    if (everyMs === undefined) void load();
    else stopLoading = keepFresh(load, { everyMs, on });
    return () => {
      stop.abort();
      stopLoading();
    };
  }, [key, everyMs, JSON.stringify(on)]);
  return { value: state.value, error: state.error, isLoading: state.key !== key };
}
