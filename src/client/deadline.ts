/** Ends one try of a request when it takes too long, or when the caller aborts. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Starts the time, from its beginning. */
  start(): void;
  pause(): void;
}

/** Starts the deadline of one try, `timeoutMs` from now. */
export function startDeadline(timeoutMs: number, caller?: AbortSignal): Deadline {
  const expiry = new AbortController();
  const expire = () =>
    expiry.abort(new DOMException(`no answer within ${timeoutMs / 1000} s`, 'TimeoutError'));
  let timer = setTimeout(expire, timeoutMs);
  return {
    signal: caller ? AbortSignal.any([expiry.signal, caller]) : expiry.signal,
    start() {
      clearTimeout(timer);
      timer = setTimeout(expire, timeoutMs);
    },
    pause: () => clearTimeout(timer),
  };
}
