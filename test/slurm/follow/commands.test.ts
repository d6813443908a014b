import { expect, test } from 'bun:test';
import { slurmCommands } from '../../../src/slurm/follow/commands.ts';
import { programs } from '../../help/programs.ts';

/** Returns the output of squeue, or the message it failed with. */
async function outputOf(scripts: Record<string, string>, env: Record<string, string> = {}, timeoutMs = 5000) {
  using folder = programs(scripts);
  const commands = slurmCommands({ env: { ...folder.env, ...env }, now: () => 1000 });
  const pieces: string[] = [];
  try {
    await commands.run('squeue', ['-a', 'b c'], { timeoutMs, read: (text) => void pieces.push(text) });
    return { text: pieces.join(''), state: commands.states().get('squeue') };
  } catch (error) {
    return { text: (error as Error).message, state: commands.states().get('squeue') };
  }
}

test('a Slurm command gets its arguments and a fixed environment with SLURM_CONF', async () => {
  const script = 'printf "%s|" "$@"; env | sort | grep -v -e ^PATH= -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=';
  const { text, state } = await outputOf(
    { squeue: script },
    { SLURM_CONF: '/etc/slurm.conf', SQUEUE_FORMAT: '%i', SLURM_TIME_FORMAT: 'relative', LANG: 'de_DE' },
  );
  expect(text).toBe('-a|b c|LC_ALL=C\nSLURM_CONF=/etc/slurm.conf\nSLURM_TIME_FORMAT=%s\nTZ=UTC\n');
  expect(state).toEqual({ calls: 1, failures: 0, isFailing: false, lastSuccessMs: 1000, lastDurationMs: 0 });
});

test.each([
  ['echo no >&2; echo "such job" >&2; exit 1', 'squeue failed: no such job.'],
  ['exit 3', 'squeue failed with exit code 3.'],
  ['(sleep 30) & exit 3', 'squeue took more than 1 s and was killed.'],
  ['exec >&-; (sleep 30) & exit 3', 'squeue failed with exit code 3.'],
  ['sleep 30', 'squeue took more than 1 s and was killed.'],
  ['echo a; exec 2>&-; (sleep 30) & sleep 30', 'squeue took more than 1 s and was killed.'],
])('a Slurm command that fails (%s) rejects with one sentence', async (script, sentence) => {
  const startedMs = performance.now();
  const { text, state } = await outputOf({ squeue: script }, {}, 1000);
  expect(text).toBe(sentence);
  expect(state).toEqual({ calls: 1, failures: 1, isFailing: true, lastDurationMs: 0 });
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});

test('a Slurm command that does not exist rejects with one sentence', async () => {
  using folder = programs({});
  const commands = slurmCommands({ env: folder.env, now: () => 0 });
  expect(commands.has('sh')).toBe(true);
  expect(commands.has('no-such-program')).toBe(false);
  expect(commands.run('no-such-program', [], { timeoutMs: 1000, read: () => {} })).rejects.toThrow(
    'There is no no-such-program on this machine.',
  );
});

test('Slurm commands run one at a time', async () => {
  const script = 'test -e busy && echo overlap; touch busy; sleep 0.2; rm busy';
  using folder = programs({});
  for (const name of ['squeue', 'sacct']) folder.write(name, `cd ${folder.file('')}; ${script}`);
  const commands = slurmCommands({ env: folder.env, now: () => 0 });
  let text = '';
  const read = (piece: string) => {
    text += piece;
  };
  const names = ['squeue', 'sacct', 'squeue'];
  await Promise.all(names.map((name) => commands.run(name, [], { timeoutMs: 5000, read })));
  expect(text).toBe('');
  expect(commands.states().get('squeue')).toMatchObject({ calls: 2, failures: 0 });
});
