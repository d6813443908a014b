import { expect, test } from 'bun:test';
import { slurmAsks } from '../../../src/slurm/follow/asks.ts';
import { slurmCommands } from '../../../src/slurm/follow/commands.ts';
import { pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { programs } from '../../help/programs.ts';
import { startService } from '../../help/service.ts';

const pending = (id: string) =>
  ({ ...pastJob(id, { nodes: [], state: 'pending' }), details: { reason: 'Resources' } }) as const;

test('why a job waits is said in words, and its start where Slurm is followed', async () => {
  using folder = programs({ squeue: `echo ${NOON_MS / 1000 + 60}` });
  const asks = slurmAsks({
    commands: slurmCommands({ env: folder.env, now: () => NOON_MS }),
    now: () => NOON_MS,
  });
  await using service = await startService({ asks });
  await service.store.createJobs([pending('12'), pending('by-hand'), pastJob('13')]);
  const ask = async (id: string) => (await service.send('GET', `/v1/jobs/${id}/wait`)).json;
  expect(await ask('12')).toEqual({
    job_id: '12',
    reason: 'Resources',
    cause: 'resources',
    meaning: 'It is at the front of its queue and waits until enough is free.',
    action: 'Fewer nodes, less memory or a shorter time limit may let it start earlier.',
    expected_start_time: new Date(NOON_MS + 60_000).toISOString(),
    asked_time: new Date(NOON_MS).toISOString(),
  });
  // A job that did not come from Slurm is not asked about.
  expect(await ask('by-hand')).toMatchObject({ reason: 'Resources', cause: 'resources' });
  expect((await ask('by-hand')).asked_time).toBeUndefined();
  expect(await ask('13')).toEqual({ job_id: '13' });
});

test('without Slurm a reason is explained, and steps are unavailable with a sentence', async () => {
  await using service = await startService();
  await service.store.createJobs([pending('12')]);
  const wait = await service.send('GET', '/v1/jobs/12/wait');
  expect(wait.json).toMatchObject({ cause: 'resources' });
  expect(wait.json.asked_time).toBeUndefined();
  const steps = await service.send('GET', '/v1/jobs/12/steps');
  expect(steps.status).toBe(503);
  expect(steps.json.message).toContain('hpc-observe slurm check');
  expect((await service.send('GET', '/v1/jobs/9/steps')).status).toBe(404);
});
