import { expect, test } from 'bun:test';
import { watchAccess } from '../../../src/slurm/follow/access.ts';
import { slurmCommands } from '../../../src/slurm/follow/commands.ts';
import { programs } from '../../help/programs.ts';

const show = (lines: string) => `cat <<'END'\n${lines}\nEND`;
const CONFIG =
  'ClusterName = testbed\nSlurmUser = slurm(64030)\nAccountingStorageType = accounting_storage/slurmdbd';

/** Watches the access of a Slurm with these programs until `runs` reads have ended. */
async function watching(scripts: Record<string, string>, lastUser?: string) {
  const folder = programs({ squeue: '', ...scripts });
  const warnings: unknown[] = [];
  const uids: number[] = [];
  const access = watchAccess({
    commands: slurmCommands({ env: folder.env, now: () => 1000, folder: folder.env.PATH }),
    warn: (_, { error }) => void warnings.push(error),
    lastUser,
    onUser: (uid) => void uids.push(uid),
    everyMs: 10,
  });
  return {
    access,
    warnings,
    uids,
    write: folder.write,
    async runs(count: number) {
      // One more has started: the one before has ended.
      while (access.state().runs <= count) await Bun.sleep(5);
    },
    async [Symbol.asyncDispose]() {
      await access.stop();
      folder[Symbol.dispose]();
    },
  };
}

test.each([
  ['none', false],
  ['jobs', true],
  ['accounts,jobs,usage', true],
  ['cloud,reservations', false],
])('PrivateData = %s: users see only their own jobs: %p', async (privateData, hides) => {
  await using watched = await watching({
    scontrol: show(`${CONFIG}\nPrivateData = ${privateData}`),
    sacctmgr: show('physics|alice\nroot|'),
  });
  expect(watched.access.hidesJobs()).toBe(true);
  await watched.runs(1);
  const { access } = watched;
  expect([access.hidesJobs(), access.user(), access.cluster()]).toEqual([hides, 'slurm', 'testbed']);
  expect([access.accountsOf('alice'), access.accountsOf('bob')]).toEqual([['physics'], []]);
  expect(watched.warnings).toEqual([]);
});

test('what was read last stays valid while slurmctld does not answer', async () => {
  await using watched = await watching({
    scontrol: show(`${CONFIG}\nPrivateData = none`),
    sacctmgr: show('physics|alice'),
  });
  await watched.runs(1);
  watched.write('scontrol', 'echo "Unable to contact slurm controller" >&2; exit 1');
  const { runs } = watched.access.state();
  await watched.runs(runs + 1);
  expect([watched.access.hidesJobs(), watched.access.accountsOf('alice')]).toEqual([false, ['physics']]);
  expect(watched.warnings[0]).toBe('scontrol failed: Unable to contact slurm controller.');
});

test('the user of slurmctld is that of the last time until Slurm answers, and reported once', async () => {
  await using watched = await watching({ scontrol: 'exit 1' }, 'old');
  await watched.runs(2);
  expect([watched.access.user(), watched.uids]).toEqual(['old', []]);
  expect(watched.warnings).toEqual(['scontrol failed with exit code 1.']);
  watched.write('scontrol', show('SlurmUser = slurm(64030)'));
  await watched.runs(watched.access.state().runs + 3);
  expect([watched.access.user(), watched.uids]).toEqual(['slurm', [64030]]);
});

test('while Slurm’s configuration is unknown, users see only their own jobs', async () => {
  await using watched = await watching({ scontrol: 'exit 1' });
  await watched.runs(1);
  expect(watched.access.hidesJobs()).toBe(true);
});

test('without slurmdbd sacctmgr is not run', async () => {
  await using watched = await watching({
    scontrol: show('AccountingStorageType = accounting_storage/none'),
    sacctmgr: 'exit 1',
  });
  await watched.runs(2);
  expect([watched.warnings, watched.access.accountsOf('alice')]).toEqual([[], []]);
});
