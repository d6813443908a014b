import { expect, test } from 'bun:test';
import { parseMounts } from '../../../src/agent/cgroup/mounts.ts';

const V2 = '29 23 0:26 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate';
const OF_CONTAINER = '50 23 0:26 /docker/abc /mnt/c rw - cgroup2 cgroup2 rw';

test.each([
  ['a host of version 2', V2, '/sys/fs/cgroup', []],
  [
    'a host of version 1, where controllers share a mount',
    '33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n' +
      '34 31 0:31 / /sys/fs/cgroup/memory rw master:1 propagate_from:2 - cgroup cgroup rw,memory\n' +
      '40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd',
    undefined,
    [
      ['cpuacct', '/sys/fs/cgroup/cpu,cpuacct'],
      ['memory', '/sys/fs/cgroup/memory'],
    ],
  ],
  ['a part that is mounted for a container before the whole', `${OF_CONTAINER}\n${V2}`, '/sys/fs/cgroup', []],
  ['only a part', OF_CONTAINER, '/mnt/c', []],
  ['a mount point with blanks', '1 2 0:3 / /odd\\040place\\134 rw - cgroup2 none rw', '/odd place\\', []],
  ['other file systems', '27 1 254:0 / / rw - ext4 /dev/cgroup2 rw,cpuacct', undefined, []],
  ['no text', '', undefined, []],
] as const)('the mounts of %s are found', (_, text, unified, controllers) => {
  const mounts = parseMounts(text);
  expect([mounts.unified, [...mounts.controllers]] as unknown).toEqual([unified, controllers]);
});
