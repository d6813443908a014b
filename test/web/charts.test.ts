import { describe, expect, test } from 'bun:test';
import type { JobAnswer } from '../../src/api/job.ts';
import { chartsOf, type Line, linesOfGpus } from '../../src/web/job/charts.ts';

const job = (more: Partial<JobAnswer> = {}): JobAnswer => ({
  ...{ id: '1', user: 'alice', nodes: ['n1'], state: 'running', cpu_usage: 0, memory_usage_mb: 0 },
  ...more,
});
const line = (label: string, values: Record<string, number>): Line => ({
  label,
  rows: [{ timestamp: '2026-01-20T10:00:00.000Z', ...values }],
});
const PLAIN = { cpu_usage: 50, memory_usage_mb: 100 };
const titles = (options: Parameters<typeof chartsOf>[0]) => chartsOf(options).map(({ title }) => title);

describe('the plots of a job', () => {
  test('are only those for which something was measured', () => {
    expect(titles({ job: job(), nodes: [line('n1', PLAIN)], gpus: [] })).toEqual([
      'CPU, of the allocation',
      'Memory',
    ]);
  });

  test('show each GPU where GPUs are known, and their mean where not', () => {
    const nodes = [line('n1', { ...PLAIN, gpu_usage: 3 })];
    expect(titles({ job: job(), nodes, gpus: [] })).toContain('GPU');
    const gpus = [line('3d1a', { gpu_utilization_percent: 5 }), line('77b0', { gpu_utilization_percent: 0 })];
    expect(titles({ job: job(), nodes, gpus })).toEqual([
      'CPU, of the allocation',
      'Memory',
      'Use of each GPU',
    ]);
  });

  test('compare memory with the limit of the kernel where the agent knows it', () => {
    const values = {
      memory_anonymous_bytes: 2 ** 30,
      memory_current_bytes: 2 ** 31,
      memory_limit_bytes: 2 ** 32,
    };
    const memory = chartsOf({ job: job(), nodes: [line('n1', { ...PLAIN, ...values })], gpus: [] })[1]!;
    expect(memory.curves.map(({ label }) => label)).toEqual(['used', 'with cached files']);
    expect(memory.limit).toEqual({ value: 2 ** 32, label: 'limit 4 GB' });
  });

  test('compare memory with what was asked for on one node, in MB', () => {
    const memory = chartsOf({
      job: job({ memory_limit_mb: 2048 }),
      nodes: [line('n1', PLAIN)],
      gpus: [],
    })[1]!;
    expect(memory.limit).toEqual({ value: 2048, label: 'limit 2 GB' });
  });

  test('add up reads and writes of each of several nodes', () => {
    const io = { ...PLAIN, io_read_bytes: 5, io_written_bytes: 6 };
    const disks = chartsOf({ job: job(), nodes: [line('n1', io), line('n2', io)], gpus: [] }).at(-1)!;
    expect(disks.title).toBe('Disks, read and written');
    expect(disks.curves).toMatchObject([{ label: 'n1', isRate: true }, { label: 'n2' }]);
  });
});

describe('the lines of GPUs', () => {
  const row = (gpu: string, node?: string) => ({
    ...{ timestamp: '2026-01-20T10:00:00.000Z', gpu, gpu_utilization_percent: 1 },
    ...(node !== undefined && { node }),
  });
  const labels = (nodes: string[], ...rows: ReturnType<typeof row>[]) =>
    linesOfGpus(job({ nodes }), rows).map(({ label }) => label);

  test('have short names', () => {
    expect(labels(['n1'], row('GPU-3d1a22f0-1'), row('GPU-77b01a2c-1'))).toEqual(['3d1a22f0', '77b01a2c']);
    expect(labels(['n1', 'n2'], row('GPU-3d1a22f0-1'), row('GPU-3d1a22f0-1', 'n2'))).toEqual([
      'n1 3d1a22f0',
      'n2 3d1a22f0',
    ]);
  });

  test('are as many as the GPUs, also if their names begin alike', () => {
    expect(labels(['n1'], row('GPU-1111-a'), row('GPU-1111-b'))).toEqual(['GPU-1111-a', 'GPU-1111-b']);
  });
});
