import { expect, test } from 'bun:test';
import { findingMetrics } from '../../src/metrics/findings.ts';

test('each kind and severity that was found has a series, and what is gone has none', async () => {
  let kinds = ['gpu-unused', 'gpu-low'];
  const metrics = findingMetrics(async () => kinds.map((kind) => ({ kind, severity: 'waste', runs: 3 })));
  const lines = async () => (await metrics.render()).split('\n').filter((line) => /^[^#]/.test(line));
  expect(await lines()).toEqual([
    'hpc_observe_findings{kind="gpu-unused",severity="waste"} 3',
    'hpc_observe_findings{kind="gpu-low",severity="waste"} 3',
  ]);
  kinds = ['gpu-low'];
  expect(await lines()).toEqual(['hpc_observe_findings{kind="gpu-low",severity="waste"} 3']);
});
