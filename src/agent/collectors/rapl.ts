import { readdirSync } from 'node:fs';
import { isGone, parseWhole, type ReadText } from '../file.ts';
import type { Paths } from '../paths.ts';

/** A counter of energy at one moment. */
export interface EnergyCounter {
  readonly name: string;
  readonly joules: number;
  /** It begins at 0 again here. */
  readonly wrapJoules?: number;
}

interface Package {
  readonly name: string;
  readonly path: string;
  readonly wrapJoules: number;
}

const FOLDER = '/sys/class/powercap';
/** Zones below a package (`intel-rapl:0:0`: cores, memory) are parts of it, or of other chips. */
const ZONE = /^intel-rapl:\d+$/;
/** Not `psys`, which contains the packages. Some processors count each of their dies. */
const PACKAGE = /^package-\d+(-die-\d+)?$/;
const MAX_PACKAGES = 64;

/**
 * Returns a function that reads the energy counters of the processors, of Intel and of AMD
 * (Documentation/power/powercap/powercap.rst); none where the kernel has none. It throws what the system says
 * where only root may read them, as everywhere since CVE-2020-8694.
 */
export function createRapl(paths: Paths, readFile: ReadText): () => EnergyCounter[] {
  let packages: readonly Package[] | undefined;
  return () => {
    packages ??= findPackages(paths, readFile);
    const counters = packages.flatMap(({ name, path, wrapJoules }) => {
      const microjoules = parseWhole(readFile(`${path}/energy_uj`));
      return microjoules === undefined ? [] : [{ name, joules: microjoules / 1e6, wrapJoules }];
    });
    // The energy of some of the processors is that of none.
    return counters.length === packages.length ? counters : [];
  };
}

function findPackages(paths: Paths, readFile: ReadText): Package[] {
  const zones = listZones(paths.of(FOLDER)).slice(0, MAX_PACKAGES);
  return zones.flatMap((zone) => {
    const path = `${paths.of(FOLDER)}/${zone}`;
    const name = readFile(`${path}/name`)?.trim() ?? '';
    const range = parseWhole(readFile(`${path}/max_energy_range_uj`));
    return PACKAGE.test(name) && range !== undefined ? [{ name, path, wrapJoules: range / 1e6 }] : [];
  });
}

function listZones(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => ZONE.test(name))
      .sort();
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}
