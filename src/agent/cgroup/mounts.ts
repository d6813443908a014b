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
  let unified: string | undefined;
  const controllers = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const point = decodeOctal(before.split(' ')[4] ?? '');
    const [type, , options = ''] = after.split(' ');
    if (type === 'cgroup2') unified ??= point;
    if (type !== 'cgroup') continue;
    const names = options.split(',');
    for (const name of CONTROLLERS)
      if (names.includes(name) && !controllers.has(name)) controllers.set(name, point);
  }
  return { unified, controllers };
}

/** Blanks, tabs, line ends and backslashes are written as octal numbers. */
const decodeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
