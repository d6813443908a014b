import { readText } from '../file.ts';
import type { Paths } from '../paths.ts';

/** Where the hierarchies of cgroups are mounted. */
export interface CgroupMounts {
  /** The one hierarchy of version 2; undefined on a host that has only version 1. */
  readonly unified: string | undefined;
  /** The mount point of each controller of version 1; empty on a host that has only version 2. */
  readonly controllers: ReadonlyMap<string, string>;
}

/** Controllers of version 1 that have something to read about a job. */
const CONTROLLERS = ['cpuacct', 'memory', 'cpuset', 'devices', 'blkio', 'pids', 'freezer'];

/**
 * Reads /proc/self/mountinfo (proc(5)). Hosts may have both versions at once, with some controllers in each,
 * so that each controller is looked up by itself.
 */
export function parseMounts(text: string): CgroupMounts {
  const mounts = text.split('\n').map(parseMount);
  // A part of a hierarchy may be mounted again for a container; the whole one has all jobs.
  const ordered = [...mounts.filter(({ isWhole }) => isWhole), ...mounts.filter(({ isWhole }) => !isWhole)];
  const controllers = new Map<string, string>();
  for (const { type, point, options } of ordered) {
    if (type !== 'cgroup') continue;
    for (const name of CONTROLLERS)
      if (options.includes(name) && !controllers.has(name)) controllers.set(name, point);
  }
  return { unified: ordered.find(({ type }) => type === 'cgroup2')?.point, controllers };
}

function parseMount(line: string) {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root, point = ''] = before.split(' ');
  const [type = '', , options = ''] = after.split(' ');
  return { type, point: decodeOctal(point), options: options.split(','), isWhole: root === '/' };
}

/** Blanks, tabs, line ends and backslashes are written as octal numbers. */
const decodeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Reads the mounts of a system. Under another root than /, `self` may be a process of another system. */
export function readMounts({ of }: Paths): CgroupMounts {
  const files = ['/proc/self/mountinfo', '/proc/1/mountinfo'].map(of);
  const [first, second] = of('/') === '/' ? files : files.reverse();
  return parseMounts(readText(first!) ?? readText(second!) ?? '');
}

/** Hierarchies are mounted when a node starts; the file has a line for each mount of the node. */
const REMEMBERED_MS = 60_000;

/** Returns a function that reads the mounts once a minute. */
export function rememberMounts(paths: Paths, monotonicMs: () => number): () => CgroupMounts {
  let mounts: CgroupMounts | undefined;
  let readMs = 0;
  return () => {
    if (mounts === undefined || monotonicMs() - readMs >= REMEMBERED_MS) {
      mounts = readMounts(paths);
      readMs = monotonicMs();
    }
    return mounts;
  };
}
