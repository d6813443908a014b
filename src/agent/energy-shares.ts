import type { Measured } from '../domain/measure.ts';
import type { NodeEnergy } from './node-energy.ts';

/** The shares of a job; plain JSON, so that they can be kept over a restart of the agent. */
export interface JobShares {
  last: SharePoint;
  cpuJoules: number;
  cpuIdleJoules: number;
  cpuPowerSeconds: number;
  nodeJoules: number;
  nodePowerSeconds: number;
}

interface SharePoint {
  readonly node: NodeEnergy;
  readonly cpuSeconds: number;
  /** How often the jobs of the node had changed. */
  readonly changes: number;
}

/** What is known of a job at one moment. */
export interface ShareReading {
  readonly cpuSeconds: number;
  readonly cpusAllocated: number | undefined;
}

/**
 * Divides the energy of a node over its jobs: what CPUs take beyond idling by CPU time, what they take idling
 * by allocated CPUs. The energy of the whole node is that of a job which is alone on it; of several jobs it
 * is divided by CPU time, but not on nodes with GPUs, where CPU time says little. Time for which a part is
 * unknown is left out, and not counted as time with known power.
 */
export interface EnergyShares {
  /** Says which jobs are on the node, before any of them is added. */
  see(keys: ReadonlySet<string>): void;
  add(key: string, reading: ShareReading, node: NodeEnergy, hasGpus: boolean): Measured;
  forget(key: string): void;
  save(): SavedShares;
}

export interface SavedShares {
  readonly jobs: Readonly<Record<string, JobShares>>;
  readonly here: readonly string[];
  readonly changes: number;
}

/** Sums of long times are not exact to the last bit. */
const SLACK_SECONDS = 0.01;

export function createEnergyShares(saved?: SavedShares): EnergyShares {
  const jobs = new Map(Object.entries(structuredClone(saved?.jobs ?? {})));
  let here: ReadonlySet<string> = new Set(saved?.here);
  let changes = saved?.changes ?? 0;

  function addSpan(job: JobShares, reading: ShareReading, node: NodeEnergy, hasGpus: boolean): void {
    const before = job.last.node;
    const seconds = (node.ms - before.ms) / 1000;
    const used = reading.cpuSeconds - job.last.cpuSeconds;
    if (seconds <= 0 || used < 0) return;
    const share = shareOf(used, node.cpu.busySeconds - before.cpu.busySeconds);
    const grown = (name: Exclude<keyof NodeEnergy, 'ms' | 'cpu'>) => node[name] - before[name];
    if (grown('cpuPowerSeconds') >= seconds - SLACK_SECONDS) {
      const allocated = Math.min(1, (reading.cpusAllocated ?? 0) / node.cpu.cpus);
      job.cpuJoules += share * grown('activeJoules');
      job.cpuIdleJoules += allocated * grown('idleJoules');
      job.cpuPowerSeconds += seconds;
    }
    const isAlone = here.size === 1 && job.last.changes === changes;
    if (grown('nodePowerSeconds') < seconds - SLACK_SECONDS || (hasGpus && !isAlone)) return;
    job.nodeJoules += (isAlone ? 1 : share) * grown('nodeJoules');
    job.nodePowerSeconds += seconds;
  }

  return {
    see(keys) {
      if (keys.size !== here.size || [...keys].some((key) => !here.has(key))) changes++;
      here = keys;
    },
    add(key, reading, node, hasGpus) {
      const point = { node, cpuSeconds: reading.cpuSeconds, changes };
      const job = jobs.get(key);
      if (job === undefined) {
        const none = {
          cpuJoules: 0,
          cpuIdleJoules: 0,
          cpuPowerSeconds: 0,
          nodeJoules: 0,
          nodePowerSeconds: 0,
        };
        jobs.set(key, { last: point, ...none });
        return {};
      }
      addSpan(job, reading, node, hasGpus);
      // A reading that was overtaken by a later one changes nothing.
      if (node.ms > job.last.node.ms) job.last = point;
      return measuredOf(job, reading.cpusAllocated !== undefined);
    },
    forget: (key) => void jobs.delete(key),
    save: () => ({ jobs: Object.fromEntries(jobs), here: [...here], changes }),
  };
}

/** The kernel counts the time of a node less exactly than that of a job. */
const shareOf = (used: number, busy: number): number => (used === 0 ? 0 : used / Math.max(used, busy));

function measuredOf(job: JobShares, isAllocated: boolean): Measured {
  return {
    ...(job.cpuPowerSeconds > 0 && {
      cpu_energy_joules: job.cpuJoules,
      ...(isAllocated && { cpu_idle_energy_joules: job.cpuIdleJoules }),
      cpu_power_seconds: job.cpuPowerSeconds,
    }),
    ...(job.nodePowerSeconds > 0 && {
      node_energy_joules: job.nodeJoules,
      node_power_seconds: job.nodePowerSeconds,
    }),
  };
}
