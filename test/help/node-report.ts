import type { NodeReport } from '../../src/domain/node-report.ts';
import { NOON_MS } from './clock.ts';

/** Builds the report that n1 sent at noon; `values`, `gpus` and the like replace all of theirs. */
export const nodeReport = (fields: Partial<NodeReport> = {}): NodeReport => ({
  node: 'n1',
  timeMs: NOON_MS,
  version: '1.2.3',
  intervalMs: 15_000,
  jobs: 2,
  values: {
    cpus: 64,
    cpuSeconds: 1234.5,
    memoryBytes: 2 ** 39,
    memoryAvailableBytes: 2 ** 38,
    load1: 3.25,
    jobCpusUsed: 2.5,
    jobMemoryBytes: 2 ** 30,
  },
  gpus: [
    {
      gpu: 'GPU-1',
      model: 'NVIDIA H200',
      utilizationPercent: 0,
      memoryUsedBytes: 1024,
      memoryTotalBytes: 2 ** 37,
      powerWatts: 75.5,
      temperatureCelsius: 30,
    },
    { gpu: 'GPU-2' },
  ],
  collectors: [{ name: 'cpu' }, { name: 'nvidia', message: 'nvidia-smi hangs.' }],
  ...fields,
});
