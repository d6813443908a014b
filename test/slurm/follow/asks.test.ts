import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { slurmAsks } from '../../../src/slurm/follow/asks.ts';
import { slurmCommands } from '../../../src/slurm/follow/commands.ts';
import { NOON_MS } from '../../help/clock.ts';
import { programs } from '../../help/programs.ts';

/** Asks that go to scripts, which write what they were asked to a file. */
function asking(scripts: Readonly<Record<string, string>>) {
  const folder = programs({});
  const log = folder.file('asked');
  for (const [name, script] of Object.entries(scripts)) folder.write(name, `echo "$@" >> ${log}; ${script}`);
  let nowMs = NOON_MS;
  const now = () => nowMs;
  const asks = slurmAsks({ commands: slurmCommands({ env: folder.env, now }), now });
  return {
    asks,
    pass: (ms: number) => {
      nowMs += ms;
    },
    asked: () => readFileSync(log, 'utf8').trim().split('\n'),
    [Symbol.dispose]: folder[Symbol.dispose],
  };
}

test('an expected start is asked once a minute, by those who ask together and later', async () => {
  using world = asking({ squeue: `echo ${NOON_MS / 1000 + 600}` });
  const { asks } = world;
  const start = () => asks.expectedStart({ id: '12' });
  const [one, other] = await Promise.all([start(), start()]);
  expect(one).toEqual({ value: NOON_MS + 600_000, timeMs: NOON_MS });
  expect(other).toEqual(one);
  world.pass(59_000);
  expect(await start()).toEqual(one);
  expect(world.asked()).toEqual(['--start -a -h -j 12 -o %S']);
  world.pass(2000);
  expect((await start()).timeMs).toBe(NOON_MS + 61_000);
  expect(world.asked()).toHaveLength(2);
});

test('a task of an array is asked by its own name', async () => {
  using world = asking({ squeue: 'echo N/A' });
  const { value } = await world.asks.expectedStart({ id: '12', arrayJobId: '10', arrayTaskId: 3 });
  expect(value).toBeUndefined();
  expect(world.asked()).toEqual(['--start -a -h -j 10_3 -o %S']);
});

test('steps are read with their names last, whatever those contain', async () => {
  const columns = (...texts: string[]) => texts.map((text) => `'${text}'`).join(' "$s" ');
  const line = (...texts: string[]) => `printf '%s' ${columns(...texts)}; echo`;
  using world = asking({
    sacct: [
      `for a in "$@"; do case $a in --delimiter=*) s="\${a#--delimiter=}";; esac; done`,
      line('12', 'COMPLETED', '0:0', '1', '2', '1', '00:00:01', '', '4', 'n1', 'job'),
      line(
        '12.batch',
        'FAILED',
        '3:0',
        '1700000000',
        '1700000060',
        '60',
        '01:02.500',
        '1536K',
        '4',
        'n1',
        'batch',
      ),
      line('12.0', 'RUNNING', '0:9', '1700000000', 'Unknown', '60', '00:00:00', '', '8', 'n[1-2]', 'a|b\nc'),
      line('123.0', 'RUNNING', '0:0', '1', '2', '3', '', '', '8', 'n1', 'of another job'),
    ].join('\n'),
  });
  const { value } = await world.asks.steps({ id: '12' });
  expect(value).toEqual([
    {
      step: 'batch',
      name: 'batch',
      rawState: 'FAILED',
      exitCode: 3,
      startTimeMs: 1_700_000_000_000,
      endTimeMs: 1_700_000_060_000,
      elapsedSeconds: 60,
      cpuSeconds: 62.5,
      maxMemoryMb: 2,
      cpus: 4,
      nodes: 'n1',
    },
    {
      step: '0',
      name: 'a|b',
      rawState: 'RUNNING',
      exitCode: 0,
      signal: 9,
      startTimeMs: 1_700_000_000_000,
      elapsedSeconds: 60,
      cpus: 8,
      nodes: 'n[1-2]',
    },
  ]);
});

test('a failure is unavailable with the sentence of Slurm, and tried again after ten seconds', async () => {
  using world = asking({ sacct: 'echo "Unable to contact slurmdbd" >&2; exit 1' });
  const steps = () => world.asks.steps({ id: '12' });
  await expect(steps()).rejects.toMatchObject({
    code: 'unavailable',
    message: 'sacct failed: Unable to contact slurmdbd.',
  });
  await expect(steps()).rejects.toThrow('slurmdbd');
  expect(world.asked()).toHaveLength(1);
  world.pass(11_000);
  await expect(steps()).rejects.toThrow('slurmdbd');
  expect(world.asked()).toHaveLength(2);
});

test('at most 16 questions wait', async () => {
  using world = asking({ squeue: 'sleep 0.05; echo N/A' });
  const all = await Promise.allSettled(
    Array.from({ length: 20 }, (_, number) => world.asks.expectedStart({ id: String(number + 1) })),
  );
  expect(all.filter(({ status }) => status === 'rejected')).toHaveLength(3);
});

test.each(['job-001', '-M other', '1,2', '0', '12345678901'])('%s is not asked about', async (id) => {
  using world = asking({ squeue: 'echo N/A' });
  await expect(world.asks.expectedStart({ id })).rejects.toThrow('not one of Slurm');
  expect(() => world.asked()).toThrow();
});
