import { expect, test } from 'bun:test';
import { gpuOf, jobOf, nodeOf } from '../../../src/domain/foreign/place.ts';

const labels = (fields: Record<string, string>) => new Map(Object.entries(fields));

test.each([
  [{ hpc_job: '12' }, { jobId: '12' }],
  [{ hpc_job: '123_4' }, { jobId: '123_4' }],
  [{ slurmjobid: '12' }, { jobId: '12' }],
  [{ jobid: '12', step: '', task: '' }, { jobId: '12' }],
  [{ jobid: 's685M87SK4CK00' }, { sluid: 's685M87SK4CK00' }],
  [{ cgroup: '/slurm/uid_1000/job_12' }, { jobId: '12' }],
  [{ cgroup: '/system.slice/slurmstepd.scope/job_12' }, { jobId: '12' }],
  [{ cgroup: '/system.slice/n1_slurmstepd.scope/s685M87SK4CK00' }, { sluid: 's685M87SK4CK00' }],
])('the labels %j name a job', (fields, job) => {
  expect(jobOf(labels(fields))).toEqual(job as never);
});

test.each([
  [{}],
  [{ hpc_job: '' }],
  [{ jobid: '0' }],
  [{ jobid: '12', step: 'batch' }],
  [{ cgroup: '/slurm/uid_1000/job_12/step_batch' }],
  [{ cgroup: '/user.slice/user-1000.slice' }],
  [{ hpc_job: 'a\nb' }],
])('the labels %j name no job', (fields) => {
  expect(jobOf(labels(fields))).toBeUndefined();
});

test.each([
  [{ instance: 'node01.cluster.example:9306' }, 'node01'],
  [{ instance: 'http://node01:9306' }, 'node01'],
  [{ node: 'n1', instance: 'gateway:9306' }, 'n1'],
  [{ Hostname: 'n1', instance: '10.0.0.5:9400' }, 'n1'],
  [{ hostname: 'n1.example' }, 'n1'],
  [{ instance: '10.0.0.5:9400', 'host.name': 'n1' }, 'n1'],
  [{ instance: '10.0.0.5:9400' }, undefined],
  [{ instance: '[fe80::1]:9400' }, undefined],
  [{ instance: 'fe80::1' }, undefined],
  [{}, undefined],
])('the labels %j name the node %j', (fields, node) => {
  expect(nodeOf(labels(fields as Record<string, string>))).toBe(node);
});

test.each([
  [{ gpu: '0', UUID: 'GPU-1' }, 'GPU-1'],
  [{ gpu: '0', UUID: 'GPU-1', GPU_I_ID: '7' }, 'GPU-1.7'],
  [{ gpu: '0' }, 'gpu0'],
  [{ gpu: 'MIG-1' }, 'MIG-1'],
  [{ card: '3' }, 'card3'],
  [{ UUID: 'a b' }, undefined],
  [{ UUID: 'x'.repeat(129) }, undefined],
  [{}, undefined],
])('the labels %j name the GPU %j', (fields, gpu) => {
  expect(gpuOf(labels(fields as Record<string, string>))).toBe(gpu);
});
