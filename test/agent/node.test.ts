import { expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseLoad, parseMeminfo, parseStat, type ReportSource, reportNode } from '../../src/agent/node.ts';
import { pathsUnder } from '../../src/agent/paths.ts';
import { compileCheck } from '../../src/api/check.ts';
import { NodeReportBody, renderNodeReport } from '../../src/api/node-report.ts';
import { NOON_MS } from '../help/clock.ts';
import { temporaryFolder } from '../help/folder.ts';

const STAT = `cpu  1000 200 300 99999 88888 40 60 77777 500 600
cpu0 500 100 150 50000 44444 20 30 38888 250 300
cpu1 500 100 150 49999 44444 20 30 38889 250 300
intr 1 2 3
ctxt 5
`;
const MEMINFO = `MemTotal:       65536000 kB
MemFree:         1024000 kB
MemAvailable:   32768000 kB
HugePages_Total:       0
`;

const SOURCE: ReportSource = {
  node: 'n1',
  version: '1.2.3',
  intervalMs: 15_000,
  timeMs: NOON_MS,
  round: { readings: [], troubles: [] },
};
const COLLECTORS = ['node', 'cpu', 'cpuset', 'memory', 'io', 'pressure', 'processes'];

/** The report of a node with these files in /proc. */
function report(files: Record<string, string>, round: Partial<ReportSource['round']> = {}) {
  using folder = temporaryFolder();
  mkdirSync(folder.file('proc'));
  for (const [name, text] of Object.entries(files)) writeFileSync(folder.file(`proc/${name}`), text);
  return reportNode({ ...SOURCE, round: { ...SOURCE.round, ...round } }, pathsUnder(folder.path));
}

test('CPU time is without idling, waiting for disks and stolen time, and counts guests once', () => {
  expect(parseStat(STAT)).toEqual({ cpus: 2, cpuSeconds: 16 });
  expect(parseMeminfo(MEMINFO)).toEqual({
    memoryBytes: 67_108_864_000,
    memoryAvailableBytes: 33_554_432_000,
  });
  expect(parseLoad('3.25 2.00 1.00 3/500 12345\n')).toEqual({ load1: 3.25 });
  expect([parseStat(''), parseMeminfo('MemTotal: x kB'), parseLoad('nan')]).toEqual([{}, {}, {}]);
});

test('a node without jobs reports its own values, and 0 for its jobs', () => {
  expect(report({ stat: STAT, meminfo: MEMINFO, loadavg: '0.50 0.4 0.3 1/2 3\n' })).toEqual({
    node: 'n1',
    timeMs: NOON_MS,
    version: '1.2.3',
    intervalMs: 15_000,
    jobs: 0,
    values: {
      cpus: 2,
      cpuSeconds: 16,
      memoryBytes: 67_108_864_000,
      memoryAvailableBytes: 33_554_432_000,
      load1: 0.5,
      jobCpusUsed: 0,
      jobMemoryBytes: 0,
    },
    gpus: [],
    collectors: COLLECTORS.map((name) => ({ name })),
  });
});

test('files that are missing or broken are named, and their values are absent', () => {
  const { values, collectors } = report({ stat: STAT, meminfo: 'broken' });
  expect(values).toEqual({ cpus: 2, cpuSeconds: 16, jobCpusUsed: 0, jobMemoryBytes: 0 });
  expect(collectors[0]!.message).toStartWith('/proc/meminfo, /proc/loadavg could not be read.');
});

test('CPUs and memory of jobs are added up, and are absent where no job has them', () => {
  const reading = (jobId: string, values: object) => ({ key: { jobId }, timeMs: NOON_MS, values, gpus: [] });
  const known = reading('1', { cpus_used: 1.5, memory_anonymous_bytes: 100, memory_shared_bytes: 10 });
  const other = reading('2', { cpus_used: 2, memory_anonymous_bytes: 1000 });
  const unknown = reading('3', { memory_shared_bytes: 5 });
  expect(report({}, { readings: [known, other, unknown] })).toMatchObject({
    jobs: 3,
    values: { jobCpusUsed: 3.5, jobMemoryBytes: 1110 },
  });
  expect(report({}, { readings: [unknown] }).values).toEqual({});
});

test('all GPUs are reported, whole ones before their slices, and troubles by collector', () => {
  const { gpus, collectors } = report(
    {},
    {
      devices: [
        { uuid: 'MIG-1', vendor: 'nvidia', parent: 'GPU-1', values: { gpu_memory_used_bytes: 5 } },
        {
          uuid: 'GPU-1',
          vendor: 'nvidia',
          model: 'H200',
          values: {
            gpu_utilization_percent: 0,
            gpu_memory_used_bytes: 1,
            gpu_memory_total_bytes: 2,
            gpu_power_watts: 3,
            gpu_temperature_celsius: 4,
          },
        },
      ],
      troubles: [
        { collector: 'memory', message: 'No memory.' },
        { collector: 'nvidia', message: 'It hangs.' },
      ],
    },
  );
  expect(gpus).toEqual([
    {
      gpu: 'GPU-1',
      model: 'H200',
      utilizationPercent: 0,
      memoryUsedBytes: 1,
      memoryTotalBytes: 2,
      powerWatts: 3,
      temperatureCelsius: 4,
    },
    { gpu: 'MIG-1', memoryUsedBytes: 5 },
  ]);
  expect(collectors.map(({ name }) => name)).toEqual([...COLLECTORS, 'nvidia']);
  expect(collectors.filter(({ message }) => message)).toEqual([
    { name: 'node', message: expect.any(String) },
    { name: 'memory', message: 'No memory.' },
    { name: 'nvidia', message: 'It hangs.' },
  ]);
});

test('what is more or longer than a service accepts is cut off, so that the rest is accepted', () => {
  const many = <Item>(make: (index: number) => Item) =>
    Array.from({ length: 512 }, (_, index) => make(index));
  const whole = report(
    { stat: STAT, meminfo: MEMINFO, loadavg: '1.0 1 1 1/1 1' },
    {
      devices: many((index) => ({
        uuid: `${'x'.repeat(200)}${index}`,
        vendor: 'amd',
        model: 'm'.repeat(200),
        values: {},
      })),
      troubles: many((index) => ({ collector: `c${index}`, message: 'm'.repeat(2000) })),
    },
  );
  const check = compileCheck(NodeReportBody);
  const body = renderNodeReport(whole);
  expect(check.accepts(body), check.explain(body)).toBe(true);
});

test('this machine has the CPUs and the memory that the system says', () => {
  const { values, collectors } = reportNode(SOURCE, pathsUnder('/'));
  expect(values.cpus).toBe(cpus().length);
  expect(values.memoryBytes).toBe(totalmem());
  expect(values.cpuSeconds).toBeGreaterThan(0);
  expect(values.memoryAvailableBytes).toBeWithin(1, totalmem() + 1);
  expect(values.load1).toBeGreaterThanOrEqual(0);
  expect(collectors[0]).toEqual({ name: 'node' });
});
