import { expect, test } from 'bun:test';
import { findingMetrics } from '../../src/metrics/findings.ts';

test('each kind and severity that was found has a series, and what is gone has none', async () => {
  let kinds = ['gpu-unused', 'gpu-low'];
  const count = (runs: number) => async () =>
    kinds.map((kind) => ({ kind, severity: 'waste' as const, runs }));
  const metrics = findingMetrics({ countEnded: count(3), countRunning: count(2) });
  const lines = async () => (await metrics.render()).split('\n').filter((line) => /^[^#]/.test(line));
  expect(await lines()).toEqual([
    'hpc_observe_findings{kind="gpu-unused",severity="waste"} 3',
    'hpc_observe_findings{kind="gpu-low",severity="waste"} 3',
    'hpc_observe_running_findings{kind="gpu-unused",severity="waste"} 2',
    'hpc_observe_running_findings{kind="gpu-low",severity="waste"} 2',
  ]);
  kinds = ['gpu-low'];
  expect(await lines()).toEqual([
    'hpc_observe_findings{kind="gpu-low",severity="waste"} 3',
    'hpc_observe_running_findings{kind="gpu-low",severity="waste"} 2',
  ]);
});
