import { useEffect, useRef, useState } from 'preact/hooks';
import { RequestError } from './request.ts';

/** Something that is read from the API. While it is read anew, the last value stays. */
export interface Resource<Value> {
  readonly value: Value | undefined;
  readonly error: RequestError | undefined;
  /** Whether `value` is of another key, or there is none yet. */
  readonly isLoading: boolean;
}

interface ResourceOptions {
  /** Reads again this long after each answer, while the page can be seen; never if left out. */
  readonly everyMs?: number;
}

/**
 * Reads something for as long as the component is shown, and anew when `key` changes. A key of undefined
 * reads nothing. What is no longer wanted is cancelled.
 */
export function useResource<Value>(
  key: string | undefined,
  read: (signal: AbortSignal) => Promise<Value>,
  { everyMs }: ResourceOptions = {},
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
    const stopLoading = everyMs === undefined ? loadOnce(load) : loadRepeatedly(load, everyMs);
    return () => {
      stop.abort();
      stopLoading();
    };
  }, [key, everyMs]);
  return { value: state.value, error: state.error, isLoading: state.key !== key };
}

function loadOnce(load: () => Promise<void>): () => void {
  void load();
  return () => {};
}

/** Loads now and after each load again, but only while somebody sees the page. */
function loadRepeatedly(load: () => Promise<void>, everyMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  const run = async () => {
    clearTimeout(timer);
    if (!document.hidden) await load();
    if (!isStopped) timer = setTimeout(run, everyMs);
  };
  const wake = () => {
    if (!document.hidden) void run();
  };
  document.addEventListener('visibilitychange', wake);
  void run();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', wake);
  };
}
