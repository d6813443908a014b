import { expect, test } from 'bun:test';
import { AppError } from '../../../src/domain/errors.ts';
import { parseJobCompletion } from '../../../src/slurm/records/jobcomp.ts';
import { JOB_14, readFixture } from '../fixture.ts';

const DOCUMENTS: Record<string, unknown>[] = JSON.parse(readFixture('jobcomp.json'));
const documentOf = (id: number) => DOCUMENTS.find(({ jobid }) => jobid === id)!;
const reportsOf = (id: number) =>
  DOCUMENTS.filter(({ jobid }) => jobid === id).map((document) => parseJobCompletion(document));

test('every field of a completion record is read', () => {
  expect(reportsOf(14)).toEqual([
    {
      source: 'jobcomp',
      observedMs: 1_795_477_410_000,
      ...JOB_14,
    },
  ]);
});

const STORIES: [story: string, id: number, fields: object, absent: readonly string[]][] = [
  [
    'has completed',
    1,
    { state: 'completed', exitCode: 0, name: 'odd | name:with,"separators"' },
    ['arrayJobId'],
  ],
  ['has failed', 2, { state: 'failed', exitCode: 3 }, ['signal']],
  ['was killed by a signal', 3, { state: 'failed', signal: 11 }, ['exitCode']],
  ['exited with 130', 27, { state: 'failed', exitCode: 130 }, []],
  [
    'was cancelled while held',
    4,
    { state: 'cancelled', endTimeMs: 1_795_477_400_000 },
    ['startTimeMs', 'nodes', 'exitCode'],
  ],
  ['was cancelled before its begin time', 5, { state: 'cancelled' }, ['startTimeMs', 'nodes']],
  ['was cancelled while pending', 17, { state: 'cancelled' }, ['startTimeMs', 'nodes']],
  ['was cancelled while running', 6, { state: 'cancelled', startTimeMs: 1_795_477_404_000 }, ['exitCode']],
  ['exceeded its time limit', 22, { state: 'failed', rawState: 'TIMEOUT' }, ['exitCode', 'signal']],
  ['is the last task of its array', 7, { arrayJobId: '7', arrayTaskId: 2 }, []],
  ['had three nodes', 8, { nodes: ['node01', 'node02', 'node03'], cpus: 3, memoryLimitMb: 150 }, []],
  ['had two GPUs', 9, { gpus: 2 }, []],
  ['is a component of a heterogeneous job', 10, { state: 'completed', nodes: ['node03'] }, ['arrayJobId']],
];
test.each(STORIES)('a completion record reports a job that %s', (_, id, fields, absent) => {
  const reports = reportsOf(id);
  expect(reports).toMatchObject([fields]);
  for (const field of absent) expect(reports[0]).not.toHaveProperty(field);
});

test('a requeued run, posted as PENDING, has ended', () => {
  expect(reportsOf(20)).toMatchObject([
    {
      state: 'cancelled',
      rawState: 'REQUEUED',
      startTimeMs: 1_795_477_533_000,
      endTimeMs: 1_795_477_537_000,
    },
    { state: 'completed', startTimeMs: 1_795_477_661_000, endTimeMs: 1_795_477_669_000 },
  ]);
});

test('a job that was cancelled while held after a requeue has one run', () => {
  const [first, second] = reportsOf(21);
  expect(first).toMatchObject({ rawState: 'REQUEUED', startTimeMs: 1_795_477_537_000 });
  expect(second).toMatchObject({ state: 'cancelled', rawState: 'CANCELLED' });
  expect(second).not.toHaveProperty('startTimeMs');
});

test('a change of size is neither an end nor a start', () => {
  const [resize, end] = reportsOf(28);
  expect(resize).toBeUndefined();
  expect(end).toMatchObject({ startTimeMs: 1_795_477_754_000, endTimeMs: 1_795_477_760_000 });
});

test('the script and the output paths of a completion record are not stored', () => {
  const report = parseJobCompletion({
    ...documentOf(1),
    script: 'SECRET',
    std_out: 'SECRET',
    extra: 'SECRET',
  });
  expect(JSON.stringify(report)).not.toContain('SECRET');
});

test('a completion record needs only a job id, a state and an end', () => {
  expect(parseJobCompletion({ jobid: 7, state: 'COMPLETED', '@end': '2026-11-23T04:00:25' })).toEqual({
    source: 'jobcomp',
    observedMs: 1_795_406_425_000,
    id: '7',
    state: 'completed',
    endTimeMs: 1_795_406_425_000,
    rawState: 'COMPLETED',
  });
});

test('a completion record with an unknown start has none', () => {
  const report = parseJobCompletion({ ...documentOf(1), '@start': 'Unknown' });
  expect(report).toMatchObject({ nodes: ['node01'] });
  expect(report).not.toHaveProperty('startTimeMs');
});

test('fields of wrong types in a completion record are ignored', () => {
  const odd = {
    username: 5,
    nodes: null,
    tres_alloc: [],
    time_limit: '-',
    elapsed: {},
    qos: false,
    array_job_id: 0,
  };
  expect(parseJobCompletion({ ...documentOf(1), ...odd, array_task_id: 3, tres_req: null })).toEqual({
    source: 'jobcomp',
    observedMs: 1_795_477_399_000,
    id: '1',
    state: 'completed',
    endTimeMs: 1_795_477_399_000,
    name: 'odd | name:with,"separators"',
    account: 'physics',
    partition: 'debug',
    cluster: 'testbed',
    submitTimeMs: 1_795_477_398_000,
    workDir: '/home/carol',
    exitCode: 0,
    rawState: 'COMPLETED',
  });
});

test.each([
  ['null instead of an object', null, 'object'],
  ['a list instead of an object', [], 'object'],
  ['a string instead of an object', 'jobid', 'object'],
  ['no job id', {}, 'jobid'],
  ['a job id of letters', { jobid: 'x' }, 'jobid'],
  ['the job id 0', { jobid: 0, '@end': '2026-11-23T04:00:25', state: 'FAILED' }, 'job id'],
  ['no end', { jobid: 7, state: 'FAILED' }, '@end'],
  ['an unknown end', { jobid: 7, '@end': 'Unknown', state: 'FAILED' }, '@end'],
  ['no state', { jobid: 7, '@end': '2026-11-23T04:00:25' }, 'state'],
  ['a broken node list', { ...documentOf(8), nodes: 'node[01-' }, 'node'],
  ['an invalid user name', { ...documentOf(8), username: 'a\u0000b' }, 'user'],
])('a completion record with %s is refused with a reason', (_, document, reason) => {
  const parse = () => parseJobCompletion(document);
  expect(parse).toThrow(AppError);
  expect(parse).toThrow(
    expect.objectContaining({ code: 'validation_error', message: expect.stringContaining(reason) }),
  );
});
