import { expect, test } from 'bun:test';
import { copyFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { OperatorError } from '../../src/domain/errors.ts';
import { openStore } from '../../src/store/open.ts';
import { runLine } from '../help/command.ts';
import { temporaryFolder } from '../help/folder.ts';

const SAVED = resolve(import.meta.dir, '../fixtures/slurm/sacct-saved.txt');
const HEADER = 'JobIDRaw|User|State|Submit|Start|End|NodeList\n';
const record = (id: number, user = 'alice') =>
  `${id}|${user}|COMPLETED|2026-01-02T00:00:00|2026-01-02T00:01:00|2026-01-02T00:02:00|n1\n`;

const run = (...args: string[]) => runLine(['slurm', 'import', ...args], process.env);
const counts = (output: string) => /\d+ stored, .*unreadable/.exec(output)?.[0];

test('a saved output is taken once; a second run changes nothing and says so', async () => {
  using folder = temporaryFolder();
  const database = folder.file('a.db');
  const first = await run('--file', SAVED, '--database', database);
  const stored = Number(/(\d+) stored/.exec(first.output)?.[1]);
  expect([first.exitCode, stored > 5]).toEqual([0, true]);
  const second = await run('--file', SAVED, '--database', database);
  expect(second.output).toStartWith('Nothing is new. Records of sacct: 0 stored, ');
  const store = await openStore(database, {});
  expect(await store.getJob('1')).toMatchObject({ id: '1', isEndConfirmed: true });
  await store.close();
});

test('what is refused or cannot be read is counted and told of, and the rest is kept', async () => {
  using folder = temporaryFolder();
  const file = folder.file('saved');
  writeFileSync(file, `${HEADER}${record(1)}${record(2, '')}nonsense\n${record(3).trimEnd()}`);
  const { output } = await run('--file', file, '--database', folder.file('a.db'));
  expect(counts(output)).toBe('2 stored, 0 known, 1 refused, 1 unreadable');
  expect(output).toContain('The report of job "2" names no user, and the job is unknown.');
  expect(output).toContain('nonsense');
});

test('while a service has the database open, it says to stop it', async () => {
  using folder = temporaryFolder();
  copyFileSync(SAVED, folder.file('saved'));
  const store = await openStore(folder.file('a.db'), {});
  const args = ['--file', folder.file('saved'), '--database', folder.file('a.db')];
  await expect(run(...args)).rejects.toThrow(/in use by a running hpc-observe. Stop it .*systemctl stop/);
  await store.close();
});

test('a file that is no output of sacct is refused in one sentence', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('saved'), 'hello world\n');
  const refused = run('--file', folder.file('saved'), '--database', folder.file('a.db'));
  await expect(refused).rejects.toThrow(OperatorError);
  await expect(refused).rejects.toThrow(/not the output of sacct/);
});

const REFUSED: [args: string[], reason: RegExp][] = [
  [[], /either --since DATE.* or --file FILE/],
  [['--since', '2026-01-01', '--file', 'a'], /either --since/],
  [['--since', 'yesterday'], /--since must be a date/],
  [['--since', '2026-01-02', '--until', '2026-01-01'], /before --until/],
  [['--file', 'a', '--until', '2026-01-01'], /--until cannot be combined with --file/],
  [['--file', '/nowhere/saved'], /no file \/nowhere\/saved/],
  [['--file', '/dev/null'], /\/dev\/null is not a file that can be imported; --file - reads standard input/],
  [['--file', '/'], /\/ is not a file that can be imported/],
  [['--sinse', '2026-01-01'], /--sinse/],
];
test.each(REFUSED)('slurm import %p is refused', async (args, reason) => {
  await expect(run(...args)).rejects.toThrow(OperatorError);
  await expect(run(...args)).rejects.toThrow(reason);
});
