import { expect, test } from 'bun:test';
import { cpusOf, createAllocation } from '../../src/agent/allocation.ts';
import { pathsUnder } from '../../src/agent/paths.ts';

const environment = (...lines: string[]) => `PATH=/bin\0${lines.join('\0')}\0`;
const ofJob = (cpus: string) => environment('SLURM_JOB_ID=7', `SLURM_JOB_CPUS_PER_NODE=${cpus}`);

test.each([
  ['8', 8],
  ['4(x3)', 4],
  ['4(x2),2', undefined],
  ['0', undefined],
  ['many', undefined],
  ['', undefined],
])('SLURM_JOB_CPUS_PER_NODE=%s are %p CPUs on this node', (text, cpus) => {
  expect(cpusOf(ofJob(text), { jobId: '7' })).toBe(cpus);
});

test('the environment of another job says nothing', () => {
  expect(cpusOf(ofJob('8'), { jobId: '8' })).toBeUndefined();
  expect(cpusOf(ofJob('8'), { sluid: 's685M87SJRW700' })).toBeUndefined();
  expect(cpusOf(undefined, { jobId: '7' })).toBeUndefined();
});

test('a run is recognized by its SLUID', () => {
  const text = environment('SLURM_JOB_SLUID=s685M87SJRW700', 'SLURM_JOB_CPUS_PER_NODE=2');
  expect(cpusOf(text, { sluid: 's685M87SJRW700' })).toBe(2);
});

test('the first process that says it is enough, those that may not be read are passed, and it is remembered', () => {
  const reads: string[] = [];
  const allocatedCpus = createAllocation({
    paths: pathsUnder('/root'),
    readFile(path) {
      reads.push(path);
      if (path.includes('/1/')) throw Object.assign(new Error('no'), { code: 'EACCES' });
      return path.includes('/2/') ? undefined : ofJob('8');
    },
  });
  for (let times = 0; times < 2; times++)
    expect(allocatedCpus({ jobId: '7' }, () => ['1', '2', '3', '4'])).toBe(8);
  expect(reads).toEqual(['/root/proc/1/environ', '/root/proc/2/environ', '/root/proc/3/environ']);
});

test('of a job with very many processes eight are looked at', () => {
  let reads = 0;
  const allocatedCpus = createAllocation({
    paths: pathsUnder('/'),
    readFile() {
      reads++;
      return environment('HOME=/');
    },
  });
  const pids = Array.from({ length: 1000 }, (_, pid) => String(pid));
  expect(allocatedCpus({ jobId: '7' }, () => pids)).toBeUndefined();
  expect(reads).toBe(8);
});
