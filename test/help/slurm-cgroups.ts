import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { $ } from 'bun';
import { readMounts } from '../../src/agent/cgroup/mounts.ts';
import { pathsUnder } from '../../src/agent/paths.ts';
import { isSince, type Release } from './release.ts';

/** The controllers without which Slurm does not use version 1. */
const V1_CONTROLLERS = ['freezer', 'memory', 'cpuacct', 'cpuset', 'devices'];
/** Where version 2 is for a slurmd of the tests. */
const MOUNT_POINT = '/sys/fs/cgroup';

const mounts = readMounts(pathsUnder('/'));
const isHybrid = mounts.controllers.size > 0;

/** The version of cgroups that a release is tested with: that of its time. */
export const cgroupVersion = (release: Release): 'v1' | 'v2' => (isSince(release, '23.02') ? 'v2' : 'v1');

/** Returns why Slurm cannot keep the jobs of a release in cgroups on this machine; undefined if it can. */
export function lackOfCgroups(release: Release): string | undefined {
  const isV1 = cgroupVersion(release) === 'v1';
  const points = isV1 ? V1_CONTROLLERS.map((name) => mounts.controllers.get(name)) : [mounts.unified];
  if (!points.every((point) => point !== undefined && isWritable(point)))
    return `This machine has no cgroups of ${isV1 ? 'version 1' : 'version 2'} that root may change.`;
  return !isV1 && isHybrid && !Bun.which('gcc')
    ? 'gcc is missing: install the packages that .ci/run names.'
    : undefined;
}

function isWritable(point: string): boolean {
  try {
    accessSync(point, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Controllers that version 2 has on this machine; what version 1 has is not version 2's. */
const unifiedControllers = (): string[] =>
  mounts.unified === undefined
    ? []
    : readFileSync(`${mounts.unified}/cgroup.controllers`, 'utf8').trim().split(' ');

/** Whether the kernel limits the memory of jobs of a release, and says what they use. */
export const hasMemoryGroups = (release: Release): boolean =>
  cgroupVersion(release) === 'v1' || unifiedControllers().includes('memory');

/** Whether the kernel knows which CPUs a job of a release was given. */
const hasCpusets = (release: Release): boolean =>
  cgroupVersion(release) === 'v1' || unifiedControllers().includes('cpuset');

/** Lines of slurm.conf and cgroup.conf with which a release keeps jobs in cgroups. */
export function cgroupSettings(release: Release) {
  const yesIf = (isOn: boolean) => (isOn ? 'yes' : 'no');
  const version = cgroupVersion(release);
  return {
    slurm: [
      'ProctrackType=proctrack/cgroup',
      'TaskPlugin=task/cgroup',
      ...(hasMemoryGroups(release)
        ? ['JobAcctGatherType=jobacct_gather/cgroup']
        : ['JobAcctGatherType=jobacct_gather/linux', 'JobAcctGatherParams=OverMemoryKill']),
    ],
    cgroup: [
      `CgroupPlugin=cgroup/${version}`,
      `CgroupMountpoint=${MOUNT_POINT}`,
      `ConstrainCores=${yesIf(hasCpusets(release))}`,
      `ConstrainRAMSpace=${yesIf(hasMemoryGroups(release))}`,
      'ConstrainDevices=no',
      ...(version === 'v2' ? ['IgnoreSystemd=yes'] : []),
    ],
    /** A job can be bound only to CPUs that the machine has. */
    cpusPerNode: availableParallelism(),
  };
}

/** The words before slurmd that let it use cgroups: of this machine, and then of the release. */
export interface CgroupEntry {
  readonly outside: readonly string[];
  readonly inside: readonly string[];
}

/**
 * Returns how slurmd uses the cgroups of this machine. slurmd refuses version 2 where version 1 is mounted
 * too, so it is given a mount of version 2 alone, and a library that hides version 1 from it.
 */
export async function enterCgroups(release: Release, folder: string): Promise<CgroupEntry> {
  if (cgroupVersion(release) === 'v1' || !isHybrid) return { outside: [], inside: [] };
  const library = `${folder}/cgroup-v2-only.so`;
  if (!existsSync(library))
    await $`gcc -O1 -shared -fPIC -o ${library} ${import.meta.dir}/cgroup-v2-only.c -ldl`.quiet();
  const mount = `mount -t cgroup2 cgroup2 ${MOUNT_POINT} && exec "$@"`;
  return {
    outside: ['unshare', '--mount', '--', 'sh', '-c', mount, 'sh'],
    inside: ['env', `LD_PRELOAD=${library}`],
  };
}

/** Removes the groups of nodes whose slurmd was killed, and kills what is still in them. */
export async function removeNodeGroups(nodes: readonly string[]): Promise<void> {
  const { unified, controllers } = mounts;
  const tops = nodes.flatMap((node) => [
    ...(unified === undefined ? [] : [`${unified}/system.slice/${node}_slurmstepd.scope`]),
    ...[...controllers.values()].map((point) => `${point}/slurm_${node}`),
  ]);
  for (const top of tops) if (existsSync(`${top}/cgroup.kill`)) writeFileSync(`${top}/cgroup.kill`, '1');
  // The kernel needs a moment to let go of killed processes.
  for (let tries = 0; tries < 50 && tops.some((top) => existsSync(top)); tries++) {
    for (const top of tops) if (existsSync(top)) removeGroup(top);
    await Bun.sleep(100);
  }
}

function removeGroup(path: string): void {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) removeGroup(`${path}/${entry.name}`);
    rmdirSync(path);
  } catch {
    // Tried again.
  }
}
