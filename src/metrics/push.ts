import { Counter, Gauge, type Registry } from 'prom-client';

/** What a service that pushes has sent and what waits. */
export interface PushState {
  readonly requests: number;
  readonly failures: number;
  readonly sentSamples: number;
  readonly refusedSamples: number;
  readonly coalesced: number;
  readonly dropped: number;
  readonly snapshots: number;
  /** When the oldest waiting snapshot was taken; milliseconds since 1970. */
  readonly oldestMs: number | undefined;
  readonly lastSuccessMs: number | undefined;
}

/** Adds the families of pushing. They have no series while `read` returns undefined. */
export function addPushMetrics(
  registry: Registry,
  now: () => number,
  read: () => PushState | undefined,
): void {
  const registers = [registry];
  const add = (
    Kind: typeof Gauge | typeof Counter,
    name: string,
    help: string,
    readValue: (state: PushState) => number | undefined,
  ) =>
    new Kind({
      name,
      help,
      registers,
      collect() {
        this.reset();
        const state = read();
        const value = state && readValue(state);
        if (value === undefined) this.remove();
        else this.inc(value);
      },
    });
  new Counter({
    name: 'hpc_observe_push_samples_total',
    help: 'Samples for --push: sent, refused by the receiver, coalesced (a newer one took the place), or dropped for lack of room',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset();
      const state = read();
      if (!state) return;
      this.inc({ result: 'sent' }, state.sentSamples);
      this.inc({ result: 'refused' }, state.refusedSamples);
      this.inc({ result: 'coalesced' }, state.coalesced);
      this.inc({ result: 'dropped' }, state.dropped);
    },
  });
  add(Counter, 'hpc_observe_push_requests_total', 'Requests to --push', ({ requests }) => requests);
  add(
    Counter,
    'hpc_observe_push_failures_total',
    'Requests to --push that failed and are tried again',
    ({ failures }) => failures,
  );
  add(
    Gauge,
    'hpc_observe_push_waiting_snapshots',
    'Snapshots that wait to be sent to --push',
    ({ snapshots }) => snapshots,
  );
  add(
    Gauge,
    'hpc_observe_push_age_seconds',
    'Age of the oldest snapshot that waits to be sent to --push; 0 if none waits',
    ({ oldestMs }) => (oldestMs === undefined ? 0 : Math.max(0, now() - oldestMs) / 1000),
  );
  add(
    Gauge,
    'hpc_observe_push_last_success_timestamp_seconds',
    'Time of the last request to --push that succeeded',
    ({ lastSuccessMs }) => lastSuccessMs && lastSuccessMs / 1000,
  );
}
