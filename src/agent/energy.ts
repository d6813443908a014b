import { createPmCounters } from './collectors/pm-counters.ts';
import { createRapl, type EnergyCounter } from './collectors/rapl.ts';
import { readText } from './file.ts';
import { parseStat } from './node.ts';
import type { NodeCpu, NodeEnergy, NodeMeter } from './node-energy.ts';
import type { Paths } from './paths.ts';
import type { RoundWork } from './round-work.ts';

interface EnergyOptions {
  readonly paths: Paths;
  readonly meter: NodeMeter;
}

/** Returns a function that reads the energy of the node; undefined where nothing counts any. */
export function createEnergy({ paths, meter }: EnergyOptions) {
  const readRapl = createRapl(paths, readText);
  const readPmCounters = createPmCounters(paths, readText);
  return (work: RoundWork): NodeEnergy | undefined => {
    const ms = work.clock.monotonicMs();
    const none: EnergyCounter[] = [];
    const packages = work.attempt('rapl', readRapl) ?? none;
    const node = work.attempt('pm_counters', () => readPmCounters(ms)) ?? none;
    if (packages.length === 0 && node.length === 0) return undefined;
    const cpu = work.attempt('node', () => readCpu(paths));
    return cpu && meter.add({ ms, cpu, packages, node });
  };
}

function readCpu(paths: Paths): NodeCpu | undefined {
  const { cpus, cpuSeconds: busySeconds } = parseStat(readText(paths.of('/proc/stat')) ?? '');
  return cpus === undefined || busySeconds === undefined ? undefined : { cpus, busySeconds };
}
