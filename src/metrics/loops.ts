import { Counter, type Registry } from 'prom-client';
import type { RepeatState } from '../repeat.ts';

/** Adds the families of the background loops, by name, as they are at a scrape. */
export function addLoopMetrics(registry: Registry, loops: ReadonlyMap<string, () => RepeatState>): void {
  const count = (name: string, help: string, read: (state: RepeatState) => number) =>
    new Counter({
      name,
      help,
      labelNames: ['loop'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [loop, state] of loops) this.inc({ loop }, read(state()));
      },
    });
  count('hpc_observe_loop_runs_total', 'Runs of a background loop', ({ runs }) => runs);
  count(
    'hpc_observe_loop_failures_total',
    'Runs of a background loop that failed and were tried again',
    ({ failures }) => failures,
  );
}
