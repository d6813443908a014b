/** Signals that would end a process, and that logrotate sends; SIGHUP also when a terminal closes. */
const IGNORED_SIGNALS = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** `first` resolves with the first signal to stop, `second` with the next one. */
export interface StopSignals {
  readonly first: Promise<string>;
  readonly second: Promise<string>;
}

/** Listens for SIGTERM and SIGINT. Other signals that would end the process are ignored. */
export function listenForSignals(): StopSignals {
  for (const signal of IGNORED_SIGNALS) process.on(signal, () => {});
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<string>();
  let isFirst = true;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      (isFirst ? first : second).resolve(signal);
      isFirst = false;
    });
  }
  return { first: first.promise, second: second.promise };
}
