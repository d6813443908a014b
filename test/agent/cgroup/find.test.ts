import { expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { findFolders, findJobs } from '../../../src/agent/cgroup/find.ts';
import { readMounts } from '../../../src/agent/cgroup/mounts.ts';
import { pathsUnder } from '../../../src/agent/paths.ts';
import { keyText } from '../../../src/agent/reading.ts';
import { unpackTree } from '../../help/captured-tree.ts';

const tree = (name: string) => unpackTree(readFileSync(`test/fixtures/agent/${name}.txt`, 'utf8'));

function optionsOf(root: string, node = 'node01') {
  const paths = pathsUnder(root);
  return { paths, mounts: readMounts(paths), node };
}

/** The jobs with their directories below the root, by hierarchy. */
const jobsIn = (root: string, node?: string) =>
  findJobs(optionsOf(root, node)).map(({ key, unified, controllers }) => [
    keyText(key),
    ...(unified ? [unified.slice(root.length)] : []),
    ...[...controllers].map(([name, path]) => `${name} ${path.slice(root.length)}`),
  ]);

test('each slurmd of a machine has jobs of its own', () => {
  using folder = tree('v2-two-slurmds');
  const scope = '/sys/fs/cgroup/system.slice/node02_slurmstepd.scope';
  expect(jobsIn(folder.path, 'node02')).toEqual([
    ['11', `${scope}/job_11`],
    ['12', `${scope}/job_12`],
  ]);
  expect(jobsIn(folder.path).map(([key]) => key)).toEqual(['11']);
});

test('controllers of one job are found in both versions at once', () => {
  using folder = tree('hybrid');
  expect(jobsIn(folder.path)).toEqual([
    [
      '31',
      '/sys/fs/cgroup/unified/system.slice/slurmstepd.scope/job_31',
      'memory /sys/fs/cgroup/memory/slurm/uid_1000/job_31',
    ],
  ]);
});

test('folders of jobs are known before there is a job', () => {
  using folder = tree('v1-plain');
  mkdirSync(`${folder.path}/sys/fs/cgroup/devices/slurm_node01`, { recursive: true });
  mkdirSync(`${folder.path}/sys/fs/cgroup/devices/slurm_node02`, { recursive: true });
  const folders = findFolders(optionsOf(folder.path)).map((path) => path.slice(folder.path.length));
  expect(folders).toContain('/sys/fs/cgroup/devices/slurm_node01');
  expect(folders).not.toContain('/sys/fs/cgroup/devices/slurm_node02');
  expect(folders).toContain('/sys/fs/cgroup/freezer/slurm');
  expect(folders).toContain('/sys/fs/cgroup/freezer/slurm/uid_1001');
});

test('a node without cgroups has no folders of jobs', () => {
  using folder = tree('no-cgroups');
  expect([findFolders(optionsOf(folder.path)), jobsIn(folder.path)]).toEqual([[], []]);
});

test('a search looks into so many groups and no more', () => {
  const root = mkdtempSync('/dev/shm/hpc-observe-');
  try {
    for (let index = 0; index < 5001; index++)
      mkdirSync(`${root}/cgroup/a${`${index}`.padStart(4, '0')}`, { recursive: true });
    for (const place of ['', '/a4998', '/a4999', '/a5000'])
      mkdirSync(`${root}/cgroup${place}/slurmstepd.scope/job_1${place.slice(2)}`, { recursive: true });
    const mounts = { unified: '/cgroup', controllers: new Map<string, string>() };
    const jobs = findJobs({ paths: pathsUnder(root), mounts, node: 'n' });
    expect(jobs.map(({ key }) => keyText(key))).toEqual(['1', '14998']);
  } finally {
    rmSync(root, { recursive: true });
  }
});
