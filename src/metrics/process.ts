import { Registry } from 'prom-client';
// One by one, because the whole set includes Node's families,
// which mean little on Bun and break promtool's rules.
import memory from 'prom-client/lib/metrics/osMemoryHeap.js';
import cpu from 'prom-client/lib/metrics/processCpuTotal.js';
import maxFiles from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import openFiles from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import start from 'prom-client/lib/metrics/processStartTime.js';

/** Prometheus' standard families of a process. */
export function processMetrics(): Registry {
  const registry = new Registry();
  for (const add of [cpu, memory, start, openFiles, maxFiles]) add(registry);
  // It reports the address space of all data, which is gigabytes, and not JavaScript's heap.
  registry.removeSingleMetric('process_heap_bytes');
  return registry;
}
