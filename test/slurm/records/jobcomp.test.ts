import { expect, test } from 'bun:test';
import { AppError } from '../../../src/domain/errors.ts';
import { parseJobCompletion } from '../../../src/slurm/records/jobcomp.ts';
import { JOB_14, readFixture } from '../fixture.ts';

const DOCUMENTS: Record<string, unknown>[] = JSON.parse(readFixture('jobcomp.json'));
const documentOf = (id: number) => DOCUMENTS.find(({ jobid }) => jobid === id)!;
const reportsOf = (id: number) =>
  DOCUMENTS.filter(({ jobid }) => jobid === id).map((document) => parseJobCompletion(document));

test('the fields go where they belong', () => {
  expect(reportsOf(14)).toEqual([
    {
      source: 'jobcomp',
      observedMs: 1_795_477_410_000,
      ...JOB_14,
    },
  ]);
});

const STORIES: [story: string, id: number, told: object, untold: readonly string[]][] = [
  [
    'ended well',
    1,
    { state: 'completed', exitCode: 0, name: 'odd | name:with,"separators"' },
    ['arrayJobId'],
  ],
  ['failed', 2, { state: 'failed', exitCode: 3 }, ['signal']],
  ['was ended by a signal', 3, { state: 'failed', signal: 11 }, ['exitCode']],
  ['exited 130', 27, { state: 'failed', exitCode: 130 }, []],
  [
    'was cancelled while held',
    4,
    { state: 'cancelled', endTimeMs: 1_795_477_400_000 },
    ['startTimeMs', 'nodes', 'exitCode'],
  ],
  ['was cancelled before its begin', 5, { state: 'cancelled' }, ['startTimeMs', 'nodes']],
  ['was cancelled while it waited for nodes', 17, { state: 'cancelled' }, ['startTimeMs', 'nodes']],
  ['was cancelled while it ran', 6, { state: 'cancelled', startTimeMs: 1_795_477_404_000 }, ['exitCode']],
  ['ran too long', 22, { state: 'failed', rawState: 'TIMEOUT' }, ['exitCode', 'signal']],
  ['is the last task of its array', 7, { arrayJobId: '7', arrayTaskId: 2 }, []],
  ['had three nodes', 8, { nodes: ['node01', 'node02', 'node03'], cpus: 3, memoryLimitMb: 150 }, []],
  ['had two GPUs', 9, { gpus: 2 }, []],
  ['is a part of a heterogeneous one', 10, { state: 'completed', nodes: ['node03'] }, ['arrayJobId']],
];
test.each(STORIES)('a job that %s', (_, id, told, untold) => {
  const reports = reportsOf(id);
  expect(reports).toMatchObject([told]);
  for (const field of untold) expect(reports[0]).not.toHaveProperty(field);
});

test('a run that is requeued, posted as PENDING, has ended', () => {
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

test('a job that was requeued, held, and cancelled has one run', () => {
  const [first, second] = reportsOf(21);
  expect(first).toMatchObject({ rawState: 'REQUEUED', startTimeMs: 1_795_477_537_000 });
  expect(second).toMatchObject({ state: 'cancelled', rawState: 'CANCELLED' });
  expect(second).not.toHaveProperty('startTimeMs');
});

test('a change of size is no end, and no start', () => {
  const [resize, end] = reportsOf(28);
  expect(resize).toBeUndefined();
  expect(end).toMatchObject({ startTimeMs: 1_795_477_754_000, endTimeMs: 1_795_477_760_000 });
});

test('nothing private is kept', () => {
  const report = parseJobCompletion({
    ...documentOf(1),
    script: 'SECRET',
    std_out: 'SECRET',
    extra: 'SECRET',
  });
  expect(JSON.stringify(report)).not.toContain('SECRET');
});

test('the least that says which run it is', () => {
  expect(parseJobCompletion({ jobid: 7, state: 'COMPLETED', '@end': '2026-11-23T04:00:25' })).toEqual({
    source: 'jobcomp',
    observedMs: 1_795_406_425_000,
    id: '7',
    state: 'completed',
    endTimeMs: 1_795_406_425_000,
    rawState: 'COMPLETED',
  });
});

test('an unknown start is none', () => {
  const report = parseJobCompletion({ ...documentOf(1), '@start': 'Unknown' });
  expect(report).toMatchObject({ nodes: ['node01'] });
  expect(report).not.toHaveProperty('startTimeMs');
});

test('fields of wrong types are as if they were not there', () => {
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
  ['nothing', null, 'object'],
  ['a list', [], 'object'],
  ['a text', 'jobid', 'object'],
  ['no job', {}, 'jobid'],
  ['a job that is no number', { jobid: 'x' }, 'jobid'],
  ['job 0', { jobid: 0, '@end': '2026-11-23T04:00:25', state: 'FAILED' }, 'job id'],
  ['no end', { jobid: 7, state: 'FAILED' }, '@end'],
  ['an unknown end', { jobid: 7, '@end': 'Unknown', state: 'FAILED' }, '@end'],
  ['no state', { jobid: 7, '@end': '2026-11-23T04:00:25' }, 'state'],
  ['a broken node list', { ...documentOf(8), nodes: 'node[01-' }, 'node'],
  ['a user that cannot be', { ...documentOf(8), username: 'a\u0000b' }, 'user'],
])('%s is refused, with a reason', (_, document, why) => {
  const parse = () => parseJobCompletion(document);
  expect(parse).toThrow(AppError);
  expect(parse).toThrow(
    expect.objectContaining({ code: 'validation_error', message: expect.stringContaining(why) }),
  );
});
