import type { Client } from '../sql/queries.ts';

/**
 * Runs the statements of a connection, which answers them in order. Calls `onSilence` once if none is
 * answered for `limitMs` while some wait: the server or the way to it hangs, which no time-out of the server
 * ends. `onSilence` should close the connection, so that the statements reject.
 */
export function watchSilence(client: Client, limitMs: number, onSilence: () => void): Client {
  let waiting = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function expectAnswer(): void {
    clearTimeout(timer);
    timer = waiting > 0 ? setTimeout(onSilence, limitMs) : undefined;
  }
  function answered(): void {
    waiting--;
    expectAnswer();
  }

  return {
    unsafe(...statement) {
      const answer = client.unsafe(...statement);
      if (waiting++ === 0) expectAnswer();
      answer.then(answered, answered);
      return answer;
    },
  };
}
