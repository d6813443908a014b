import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { type HookKind, renderHook } from '../../../src/slurm/hooks/scripts.ts';
import { readVariables } from '../../../src/slurm/hooks/variables.ts';
import { temporaryFolder } from '../../help/folder.ts';

/** Runs the script of a hook as Slurm does. */
async function runHook(folder: string, kind: HookKind, variables: Record<string, string>): Promise<void> {
  const spool = `${folder}/spool`;
  mkdirSync(spool, { recursive: true });
  writeFileSync(`${folder}/${kind}`, renderHook(kind, spool));
  const env = { SLURM_JOB_ID: '7', SLURMD_NODENAME: 'node01', ...variables };
  const hook = Bun.spawn(['/bin/sh', `${folder}/${kind}`], { env, stdout: 'pipe', stderr: 'pipe' });
  expect([await hook.exited, await new Response(hook.stderr).text()]).toEqual([0, '']);
}

const eventsIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.event'));

test('the GPUs of a job stay known on its node until its Epilog, when its event is long stored', async () => {
  using folder = temporaryFolder();
  const spool = folder.file('spool');
  await runHook(folder.path, 'prolog_slurmd', { SLURM_JOB_GPUS: '0,2' });
  for (const name of eventsIn(spool)) unlinkSync(`${spool}/${name}`);
  const variables = readVariables(readFileSync(`${spool}/held/7-node01.event`));
  expect(variables.get('SLURM_JOB_GPUS')).toBe('0,2');
  await runHook(folder.path, 'epilog_slurmd', {});
  expect(eventsIn(`${spool}/held`)).toEqual([]);
  expect(eventsIn(spool)).toHaveLength(1);
});

test('a run that is requeued takes the place of the one before, whose Epilog did not run', async () => {
  using folder = temporaryFolder();
  await runHook(folder.path, 'prolog_slurmd', { SLURM_JOB_GPUS: '0' });
  await runHook(folder.path, 'prolog_slurmd', { SLURM_JOB_GPUS: '1', SLURM_JOB_RESTART_COUNT: '1' });
  const held = folder.file('spool/held');
  expect(eventsIn(held)).toEqual(['7-node01.event']);
  expect(readVariables(readFileSync(`${held}/7-node01.event`)).get('SLURM_JOB_GPUS')).toBe('1');
});

test('two slurmds of one machine do not remove what the other keeps', async () => {
  using folder = temporaryFolder();
  await runHook(folder.path, 'prolog_slurmd', {});
  await runHook(folder.path, 'prolog_slurmd', { SLURMD_NODENAME: 'node02' });
  await runHook(folder.path, 'epilog_slurmd', {});
  expect(eventsIn(folder.file('spool/held'))).toEqual(['7-node02.event']);
});

test('the hooks of the head node keep nothing, and a name of a node leads out of no folder', async () => {
  using folder = temporaryFolder();
  await runHook(folder.path, 'prolog_slurmctld', {});
  expect(existsSync(folder.file('spool/held'))).toBe(false);
  await runHook(folder.path, 'prolog_slurmd', { SLURMD_NODENAME: '../../x' });
  expect(eventsIn(folder.file('spool/held'))).toEqual(['7-unknown.event']);
});
