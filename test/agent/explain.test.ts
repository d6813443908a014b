import { expect, test } from 'bun:test';
import { explainRound } from '../../src/agent/explain.ts';

test('what was found, what is sent and what could not be read stand in one text', () => {
  const values = {
    cpu_seconds: 12.3456789,
    cpus_used: 0.5,
    cpus_allocated: 2,
    memory_anonymous_bytes: 5 * 1024 * 1024,
  };
  const text = explainRound(
    {
      readings: [
        {
          key: { jobId: '7' },
          timeMs: 0,
          values,
          gpus: [
            { uuid: 'GPU-1', model: 'A100', values: { gpu_utilization_percent: 0 } },
            { uuid: 'GPU-2', values: {} },
            { uuid: 'GPU-3', isShared: true, values: {} },
          ],
        },
        { key: { sluid: 's685M87SJRW700' }, timeMs: 0, values: { cpu_seconds: 1, cpus_used: 1 }, gpus: [] },
      ],
      troubles: [{ collector: 'memory', message: 'It may not be read.' }],
      isWhole: true,
      ended: 0,
      dropped: 2,
      leftovers: [{ jobId: '3' }, { jobId: '4' }],
    },
    'n1',
  );
  expect(text).toBe(`Node n1: 2 jobs

  job 7: cpu 25 %, memory 5 MB, gpu 0 %
    cpu_seconds                12.3457
    cpus_used                  0.5
    cpus_allocated             2
    memory_anonymous_bytes     5242880
    gpu GPU-1 (A100)
    gpu_utilization_percent    0
    gpu GPU-2: not read
    gpu GPU-3: shared with other jobs, so that its values are of none

  run s685M87SJRW700: not sent: the CPUs that Slurm gave it are unknown; set ConstrainCores=yes in cgroup.conf, or run the agent as root
    cpu_seconds                1
    cpus_used                  1
2 values were left out: no job can have them.

Left over by Slurm, and no jobs: 3, 4.
No process is in their directories, and no file of Prolog is there. rmdir removes them.

Not read:
  memory: It may not be read.
`);
});

test('a node without jobs is said to have none', () => {
  const nothing = { readings: [], troubles: [], isWhole: true, ended: 0, dropped: 0, leftovers: [] };
  expect(explainRound(nothing, 'n1')).toBe('Node n1: no jobs\n');
});
