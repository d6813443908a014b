import { Gauge, Registry } from 'prom-client';
import type { FindingCount } from '../domain/store/tallies.ts';

interface FindingSources {
  readonly countEnded: () => Promise<readonly FindingCount[]>;
  readonly countRunning: () => Promise<readonly FindingCount[]>;
}

/** The families of what rules found: one series for each kind and severity that there is. */
export function findingMetrics({ countEnded, countRunning }: FindingSources) {
  const registry = new Registry();
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['kind', 'severity'], registers: [registry] });
  const ended = gauge(
    'hpc_observe_findings',
    'Stored runs that ended with a finding, by kind and severity; a run with several is in each',
  );
  const running = gauge(
    'hpc_observe_running_findings',
    'Running jobs with a finding, at most a minute old, by kind and severity; a job with several is in each',
  );
  return {
    registry,
    async render(): Promise<string> {
      for (const [family, count] of [
        [ended, countEnded],
        [running, countRunning],
      ] as const) {
        const counts = await count();
        family.reset();
        for (const { kind, severity, runs } of counts) family.set({ kind, severity }, runs);
      }
      return registry.metrics();
    },
  };
}
