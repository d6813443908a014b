import { expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { OperatorError } from '../../src/domain/errors.ts';
import { runLine } from '../help/command.ts';
import { temporaryFolder } from '../help/folder.ts';

const DEPLOY = resolve(import.meta.dir, '../../deploy');

/** The files of a folder and of those in it. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .sort();

test('deploy writes every file of deploy/ to a new folder, and again over the same files', async () => {
  using folder = temporaryFolder();
  for (let time = 0; time < 2; time++) {
    const { exitCode, output } = await runLine(['deploy', folder.file('a/b')]);
    expect(exitCode).toBe(0);
    expect(output).toContain(folder.file('a/b'));
  }
  const names = filesIn(DEPLOY);
  expect(filesIn(folder.file('a/b'))).toEqual(names);
  for (const name of names) {
    expect(readFileSync(folder.file(`a/b/${name}`), 'utf8')).toBe(readFileSync(`${DEPLOY}/${name}`, 'utf8'));
  }
});

test('deploy does not overwrite a file that was edited, and then writes no other file either', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('slurm.conf'), 'edited');
  expect(runLine(['deploy', folder.path])).rejects.toThrow(
    `${folder.file('slurm.conf')} exists and differs. Move it away, or choose another folder.`,
  );
  expect(readFileSync(folder.file('slurm.conf'), 'utf8')).toBe('edited');
  expect(existsSync(folder.file('hpc-observe.service'))).toBe(false);
});

test('deploy to a folder that cannot be created is refused with the reason', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('file'), '');
  const run = runLine(['deploy', folder.file('file/deploy')]);
  expect(run).rejects.toThrow(OperatorError);
  expect(run).rejects.toThrow('a part of the path is a file, not a folder.');
});
