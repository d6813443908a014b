import { expect, test } from 'bun:test';
import { chmodSync, writeFileSync } from 'node:fs';
import { OperatorError } from '../../src/domain/errors.ts';
import { findSlurm } from '../../src/service/slurm.ts';
import { temporaryFolder } from '../help/folder.ts';

const NOWHERE = '/nowhere/slurm/bin';

function folderWithSqueue() {
  const folder = temporaryFolder();
  writeFileSync(folder.file('squeue'), '#!/bin/sh\n');
  chmodSync(folder.file('squeue'), 0o755);
  return folder;
}

test.each(['auto', 'on'] as const)('%s follows Slurm where PATH or --slurm-bin has a squeue', (slurm) => {
  using folder = folderWithSqueue();
  const inPath = findSlurm({ slurm, slurmBin: null }, { PATH: `/usr/bin:${folder.path}` });
  const named = findSlurm({ slurm, slurmBin: folder.path }, { PATH: '/usr/bin' });
  for (const found of [inPath, named]) expect([found.isFollowed, found.state]).toEqual([true, 'followed']);
});

test('without a squeue auto says where it was looked for, and on is refused', () => {
  const found = findSlurm({ slurm: 'auto', slurmBin: NOWHERE }, {});
  expect(found.isFollowed).toBe(false);
  expect(found.state).toBe(`off: there is no squeue in ${NOWHERE}; set its folder with --slurm-bin`);
  const turnOn = () => findSlurm({ slurm: 'on', slurmBin: NOWHERE }, {});
  expect(turnOn).toThrow(OperatorError);
  expect(turnOn).toThrow(`Slurm cannot be followed: there is no squeue in ${NOWHERE}.`);
});

test('it is looked for in the usual folders as well', () => {
  const { commands } = findSlurm({ slurm: 'off', slurmBin: null }, { PATH: '/a:/usr/bin' });
  expect(commands.folders).toEqual([
    '/a',
    '/usr/bin',
    '/bin',
    '/usr/local/bin',
    '/opt/slurm/bin',
    '/usr/local/slurm/bin',
  ]);
});

test('off is off, wherever Slurm is', () => {
  using folder = folderWithSqueue();
  const found = findSlurm({ slurm: 'off', slurmBin: folder.path }, {});
  expect([found.isFollowed, found.state]).toEqual([false, 'off']);
});
