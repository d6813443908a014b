import type { ReadText } from '../file.ts';
import { parseWhole } from '../file.ts';
import type { Paths } from '../paths.ts';
import type { EnergyCounter } from './rapl.ts';

const FOLDER = '/sys/cray/pm_counters';
/** The counters change ten times a second. */
const STALE_MS = 2000;
const TRIES = 3;

/** Reads `18293 J`, and `18293 J 1700000000000000 us` of newer versions. */
export function parseJoules(text: string | undefined): number | undefined {
  return parseWhole(/^(\d+) J\b/.exec(text ?? '')?.[1]);
}

/**
 * Returns a function that reads the energy of a whole node of Cray, which every user may read; nothing on
 * other nodes. The file `freshness` counts the updates: it throws while the counters stand still.
 */
export function createPmCounters(paths: Paths, readFile: ReadText): (nowMs: number) => EnergyCounter[] {
  const read = (name: string) => readFile(paths.of(`${FOLDER}/${name}`));
  let last: { readonly freshness: number; readonly ms: number } | undefined;

  /** The energy and the update that it is of; the last try counts if an update comes each time. */
  function readOnce(): { joules: number; freshness: number } | undefined {
    for (let left = TRIES; left > 0; left--) {
      const freshness = parseWhole(read('freshness'));
      const joules = parseJoules(read('energy'));
      if (freshness === undefined || joules === undefined) return undefined;
      if (left === 1 || parseWhole(read('freshness')) === freshness) return { joules, freshness };
    }
    return undefined;
  }

  return (nowMs) => {
    const now = readOnce();
    if (now === undefined) return [];
    if (now.freshness !== last?.freshness) last = { freshness: now.freshness, ms: nowMs };
    if (nowMs - last.ms >= STALE_MS)
      throw new Error(
        `${FOLDER} has not changed for ${Math.round((nowMs - last.ms) / 1000)} s, so the power of the node is unknown`,
      );
    return [{ name: 'node', joules: now.joules }];
  };
}
