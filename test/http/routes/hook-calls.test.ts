import { expect, test } from 'bun:test';
import { readVariables } from '../../../src/slurm/hooks/variables.ts';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';
import { hookFile } from '../../slurm/hook-file.ts';

const JOB = {
  SLURM_JOB_ID: '7',
  SLURM_JOB_USER: 'alice',
  SLURM_JOB_NODELIST: 'n[1-2]',
  SLURM_JOB_RESTART_COUNT: '0',
  SLURMD_NODENAME: 'n1',
  SLURM_JOB_GPUS: '0,1',
};

/** An event as an agent forwards it. */
function event(kind: string, timeMs: number, variables: Record<string, string> = JOB) {
  const { name, bytes } = hookFile(kind, timeMs, variables);
  return { file: name, variables: [...readVariables(bytes)].map(([key, value]) => `${key}=${value}`) };
}

test('the event of a node says what the job has there; sent again it changes nothing', async () => {
  await using service = await startService();
  const started = event('prolog_slurmd', NOON_MS - 5000);
  const send = (body: unknown) => service.send('POST', '/v1/events/hook', body);
  expect((await send(started)).json).toEqual({
    status: 'processed',
    job_id: '7',
    message: 'The event is on disk.',
  });
  const { json } = await service.send('GET', '/v1/jobs/7');
  expect(json).toMatchObject({
    user: 'alice',
    nodes: ['n1', 'n2'],
    state: 'running',
    start_time: '2026-01-20T11:59:55.000Z',
    allocations: [{ node: 'n1', gpu_ids: ['0', '1'] }],
  });
  expect((await send(started)).json.message).toBe('The event was known already.');
  const other = { ...JOB, SLURMD_NODENAME: 'n2', SLURM_JOB_GPUS: '3' };
  expect((await send(event('epilog_slurmd', NOON_MS - 1000, other))).status).toBe(200);
  const after = await service.send('GET', '/v1/jobs/7');
  expect(after.json).toMatchObject({ state: 'running' });
  expect(after.json.allocations).toHaveLength(2);
});

const GOOD = event('prolog_slurmd', NOON_MS);
const BAD: [body: object, message: string][] = [
  [{ ...GOOD, file: 'x' }, 'The event has a file name that no hook writes.'],
  [{ ...GOOD, variables: ['SLURM_JOB_ID'] }, 'variables has "SLURM_JOB_ID", which is not NAME=value.'],
  [{ ...GOOD, variables: ['SLURM_JOB_ID=x'] }, 'The event has the invalid job id "x".'],
  [{ ...GOOD, variables: Array(101).fill('A=b') }, 'variables must have at most 100 entries.'],
  [{ file: GOOD.file }, 'variables is required.'],
  [event('prolog_slurmd', NOON_MS + 601_000), 'lies more than 10 minutes in the future'],
];
test.each(BAD)('the event %j is refused', async (body, message) => {
  await using service = await startService();
  const { status, json } = await service.send('POST', '/v1/events/hook', body);
  expect([status, json.error]).toEqual([400, 'validation_error']);
  expect(json.message).toContain(message);
});
