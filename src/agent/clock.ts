import { readText } from './file.ts';

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Milliseconds of a clock that nobody sets, and that runs on over a restart of the agent. */
  monotonicMs(): number;
}

/** Returns the clock of this machine; the other one counts from its start. */
export function createClock(): Clock {
  const [uptime = ''] = (readText('/proc/uptime') ?? '').split(' ');
  const startedMs = (Number.parseFloat(uptime) || 0) * 1000 - performance.now();
  return { nowMs: () => Date.now(), monotonicMs: () => startedMs + performance.now() };
}
