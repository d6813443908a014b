import { expect, test } from 'bun:test';
import type { Identity } from '../../../src/domain/caller.ts';
import { thresholdsOf } from '../../../src/domain/finding/thresholds.ts';
import type { PastJob } from '../../../src/domain/job.ts';
import { MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { nodeReport } from '../../help/node-report.ts';
import { startService } from '../../help/service.ts';

type Service = Awaited<ReturnType<typeof startService>>;

const ALICE: Identity = { name: 'alice', uid: 1000, proof: 'kernel', isLocal: true };
const kindsOf = async (service: Service, id: string, headers = {}): Promise<string[]> => {
  const { json } = await service.send('GET', `/v1/jobs/${id}/findings`, undefined, headers);
  return (json as { findings: { kind: string }[] }).findings.map(({ kind }) => kind);
};

test('a finding says where it can be seen', async () => {
  await using service = await startService();
  await service.store.createJobs([pastJob('1', { details: { gpus: 2 } })]);
  await service.store.recordSamples(
    Array.from({ length: 20 }, (_, index) => ({
      ...{ jobId: '1', timeMs: NOON_MS + index * MINUTE_MS, cpuUsage: 90, memoryUsageMb: 100, gpuUsage: 0 },
      stamped: false,
    })),
  );
  const { json } = await service.send('GET', '/v1/jobs/1/findings');
  expect(json).toMatchObject({
    verdict: 'It held 2 GPUs and used none in 19 min.',
    findings: [{ kind: 'gpu-unused', severity: 'waste', nodes: ['n1'], evidence: { measure: 'gpu_usage' } }],
  });
});

test('running jobs have their worst finding in lists, which filters find, and usage counts them', async () => {
  await using service = await startService();
  const nowMs = NOON_MS + 20 * MINUTE_MS;
  service.clock.set(nowMs);
  const details = { gpus: 2, memoryLimitMb: 100, partition: 'gpu' };
  await service.store.createJobs([pastJob('1', { details }), pastJob('2', { nodes: ['n2'] })]);
  await service.store.recordSamples(
    Array.from({ length: 20 }, (_, index) => ({
      ...{ jobId: '1', timeMs: NOON_MS + index * MINUTE_MS, cpuUsage: 90, memoryUsageMb: 99, gpuUsage: 0 },
      stamped: false,
    })),
  );
  await service.store.judgeRunning(nowMs, 10);
  const worst = { finding: 'memory-near-limit', severity: 'harm' };
  for (const query of [
    'finding=gpu-unused',
    'severity=harm&state=running',
    'finding=gpu-unused&severity=harm',
  ]) {
    const { json } = await service.send('GET', `/v1/jobs?${query}`);
    expect(json).toMatchObject({ total: 1, jobs: [{ id: '1', ...worst }] });
  }
  expect((await service.send('GET', '/v1/jobs/1')).json).toMatchObject(worst);
  expect((await service.send('GET', '/v1/jobs/2')).json).not.toHaveProperty('finding');
  for (const [query, counts] of [
    ['', 2],
    ['partition=gpu', 2],
    ['partition=cpu', 0],
  ] as const) {
    const { json } = await service.send('GET', `/v1/usage?${query}`);
    expect((json as { running_findings: object[] }).running_findings).toEqual(
      [
        { kind: 'memory-near-limit', severity: 'harm', jobs: 1 },
        { kind: 'gpu-unused', severity: 'waste', jobs: 1 },
      ].slice(0, counts),
    );
  }
});

/** A job that fails 10 s after noon. */
const failing = (id: string, fields: Partial<PastJob> = {}): PastJob =>
  pastJob(id, { state: 'failed', endTimeMs: NOON_MS + 10_000, details: { exitCode: 1 }, ...fields });

test('a node that fails many jobs at once is blamed, not their exit codes', async () => {
  await using service = await startService();
  service.clock.set(NOON_MS + MINUTE_MS);
  await service.store.createJobs([
    ...['1', '2', '3', '4', '5', '6'].map((id) => failing(id)),
    failing('elsewhere', { nodes: ['n2'] }),
    failing('slow', { startTimeMs: NOON_MS - 3_600_000 }),
  ]);
  expect(await kindsOf(service, '1')).toEqual(['node-fails-jobs']);
  expect(await kindsOf(service, 'elsewhere')).toEqual(['ended-with-code']);
  expect(await kindsOf(service, 'slow')).toEqual(['ended-with-code']);
});

test('jobs of others that somebody may not see are not counted against a node', async () => {
  await using service = await startService({
    ways: [({ request }) => (request.headers.has('x-alice') ? ALICE : undefined)],
  });
  service.clock.set(NOON_MS + MINUTE_MS);
  await service.store.createJobs([
    failing('1'),
    ...['2', '3', '4', '5', '6'].map((id) => failing(id, { user: 'bob' })),
  ]);
  expect(await kindsOf(service, '1', { 'x-alice': '1' })).toEqual(['ended-with-code']);
});

test('memory that grows towards the limit of a running job is found from its samples', async () => {
  await using service = await startService();
  const details = { memoryLimitMb: 10_000, timeLimitSeconds: 86_400 };
  await service.store.createJobs([pastJob('leak', { details }), pastJob('flat', { details })]);
  for (const [jobId, mbAMinute] of [
    ['leak', 20],
    ['flat', 0],
  ] as const) {
    await service.store.recordSamples(
      Array.from({ length: 300 }, (_, minute) => ({
        ...{ jobId, timeMs: NOON_MS + minute * MINUTE_MS, cpuUsage: 90 },
        memoryUsageMb: 1000 + mbAMinute * minute,
        stamped: false,
      })),
    );
  }
  service.clock.set(NOON_MS + 300 * MINUTE_MS);
  expect(await kindsOf(service, 'leak')).toEqual(['memory-grows']);
  expect(await kindsOf(service, 'flat')).toEqual([]);
});

test('a site judges by its own thresholds', async () => {
  const details = { timeLimitSeconds: 36_000 };
  const job = pastJob('1', { state: 'completed', endTimeMs: NOON_MS + 3_600_000, details });
  for (const [words, kinds] of [
    [[], ['time-unused']],
    [['time-modest-percent=5'], []],
  ] as const) {
    await using service = await startService({ thresholds: thresholdsOf(words) });
    await service.store.createJobs([job]);
    expect(await kindsOf(service, '1')).toEqual([...kinds]);
  }
});

test('a job that holds CPUs of a node whose other GPUs are free is told, by what the agent reports', async () => {
  await using service = await startService();
  await service.store.createJobs([pastJob('1', { details: { gpus: 1, cpus: 64 } })]);
  const samples = Array.from({ length: 20 }, (_, index) => ({
    ...{ jobId: '1', timeMs: NOON_MS + index * MINUTE_MS, cpuUsage: 20, memoryUsageMb: 100, gpuUsage: 90 },
    stamped: false,
  }));
  await service.store.recordSamples(samples);
  expect(await kindsOf(service, '1')).toEqual([]);
  const report = nodeReport();
  await service.store.recordSamples([], undefined, { report, receivedMs: NOON_MS });
  expect(await kindsOf(service, '1')).toEqual(['gpu-cpus']);
});
