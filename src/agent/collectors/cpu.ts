import type { Measured } from '../../domain/measure.ts';
import { parseKeyed, parseWhole } from '../file.ts';
import { type Collector, known, per } from './collector.ts';

/** The kernel's unit of cpuacct.stat for programs, on every architecture that Slurm runs on: time(7). */
const USER_HZ = 100;

/** Reads cpu.stat of version 2, which the kernel fills also where the controller is off. */
export function parseCpuStat(text: string): Measured {
  const stat = parseKeyed(text);
  return known({
    cpu_seconds: per(stat.get('usage_usec'), 1e6),
    cpu_user_seconds: per(stat.get('user_usec'), 1e6),
    cpu_system_seconds: per(stat.get('system_usec'), 1e6),
    cpu_throttled_seconds: per(stat.get('throttled_usec'), 1e6),
  });
}

/**
 * Reads cpuacct.usage (nanoseconds) and cpuacct.stat of version 1, and cpu.stat where the controller cpu is
 * mounted together with it.
 */
export function parseCpuacct(usage: string | undefined, stat: string, cpuStat: string): Measured {
  const split = parseKeyed(stat);
  return known({
    cpu_seconds: per(parseWhole(usage), 1e9),
    cpu_user_seconds: per(split.get('user'), USER_HZ),
    cpu_system_seconds: per(split.get('system'), USER_HZ),
    cpu_throttled_seconds: per(parseKeyed(cpuStat).get('throttled_time'), 1e9),
  });
}

/** CPU time of the job. Version 2 includes slurmstepd, which has a group of its own inside of the step. */
export const CPU: Collector = {
  name: 'cpu',
  read({ unified, controllers }, readFile) {
    const text = unified === undefined ? undefined : readFile(`${unified}/cpu.stat`);
    if (unified !== undefined && text !== undefined) return { folder: unified, values: parseCpuStat(text) };
    const folder = controllers.get('cpuacct');
    const usage = folder === undefined ? undefined : readFile(`${folder}/cpuacct.usage`);
    if (folder === undefined || usage === undefined) return undefined;
    const [stat = '', cpuStat = ''] = ['cpuacct.stat', 'cpu.stat'].map((name) =>
      readFile(`${folder}/${name}`),
    );
    return { folder, values: parseCpuacct(usage, stat, cpuStat) };
  },
};
