import { Gauge, Registry } from 'prom-client';
import type { FindingCount } from '../domain/store/tallies.ts';

/** The family of what rules found of ended runs: one series for each kind and severity that there is. */
export function findingMetrics(countFindings: () => Promise<readonly FindingCount[]>) {
  const registry = new Registry();
  const family = new Gauge({
    name: 'hpc_observe_findings',
    help: 'Stored runs that ended with a finding, by kind and severity; a run with several is in each',
    labelNames: ['kind', 'severity'],
    registers: [registry],
  });
  return {
    registry,
    async render(): Promise<string> {
      const counts = await countFindings();
      family.reset();
      for (const { kind, severity, runs } of counts) family.set({ kind, severity }, runs);
      return registry.metrics();
    },
  };
}
