import { dirname } from 'node:path';
import type { Measured } from '../../domain/measure.ts';
import { listGroups } from '../cgroup/find.ts';
import { parseKeyed, parseWhole, type ReadText } from '../file.ts';
import { type Collector, known } from './collector.ts';

/** Version 1 writes the greatest number of whole pages, 2^63 less 4 or 64 KiB, where there is no limit. */
const NO_LIMIT = 2 ** 62;
/** Groups above a job's, and levels below it. */
const MAX_DEPTH = 16;
/** Steps and tasks whose kills are added. */
const MAX_GROUPS = 2000;

const least = (limits: readonly (number | undefined)[]): number | undefined => {
  const real = limits.filter((limit) => limit !== undefined && limit < NO_LIMIT) as number[];
  return real.length === 0 ? undefined : Math.min(...real);
};

/** Cache without shared memory, which the kernel counts as cache and cannot give back. */
const cacheOf = (file: number | undefined, shared: number | undefined): number | undefined =>
  file === undefined || shared === undefined ? undefined : Math.max(0, file - shared);

interface Texts {
  readonly current: string | undefined;
  readonly peak: string | undefined;
  readonly stat: string;
  /** Of the job and of the groups above it. */
  readonly limits: readonly (string | undefined)[];
}

/** Reads the files of version 2. Huge pages are a part of `anon`. */
export function parseMemory(texts: Texts & { readonly events: string }): Measured {
  const stat = parseKeyed(texts.stat);
  return known({
    memory_current_bytes: parseWhole(texts.current),
    memory_anonymous_bytes: stat.get('anon'),
    memory_shared_bytes: stat.get('shmem'),
    memory_cache_bytes: cacheOf(stat.get('file'), stat.get('shmem')),
    memory_peak_bytes: parseWhole(texts.peak),
    memory_limit_bytes: least(texts.limits.map(parseWhole)),
    memory_oom_kills: parseKeyed(texts.events).get('oom_kill'),
  });
}

/** Reads the files of version 1. Its `total_` values include steps and tasks, its kills do not. */
export function parseMemoryV1(texts: Texts & { readonly oomControls: readonly string[] }): Measured {
  const stat = parseKeyed(texts.stat);
  const kills = texts.oomControls.map((text) => parseKeyed(text).get('oom_kill'));
  return known({
    memory_current_bytes: parseWhole(texts.current),
    memory_anonymous_bytes: stat.get('total_rss'),
    memory_shared_bytes: stat.get('total_shmem'),
    memory_cache_bytes: cacheOf(stat.get('total_cache'), stat.get('total_shmem')),
    memory_peak_bytes: parseWhole(texts.peak),
    memory_limit_bytes: least([...texts.limits.map(parseWhole), stat.get('hierarchical_memory_limit')]),
    // Kernels before 4.13 do not count them.
    memory_oom_kills: kills.some((count) => count !== undefined)
      ? kills.reduce<number>((sum, count) => sum + (count ?? 0), 0)
      : undefined,
  });
}

/** Memory of the job, slurmstepd's few megabytes included, because they count against the limit too. */
export const MEMORY: Collector = {
  name: 'memory',
  read({ unified, controllers }, readFile) {
    const current = unified === undefined ? undefined : readFile(`${unified}/memory.current`);
    if (unified !== undefined && current !== undefined)
      return { folder: unified, values: readUnified(unified, current, readFile) };
    const folder = controllers.get('memory');
    const usage = folder === undefined ? undefined : readFile(`${folder}/memory.usage_in_bytes`);
    if (folder === undefined || usage === undefined) return undefined;
    const values = parseMemoryV1({
      current: usage,
      peak: readFile(`${folder}/memory.max_usage_in_bytes`),
      stat: readFile(`${folder}/memory.stat`) ?? '',
      limits: [readFile(`${folder}/memory.limit_in_bytes`)],
      oomControls: groupsBelow(folder).flatMap((group) => readFile(`${group}/memory.oom_control`) ?? []),
    });
    return { folder, values };
  },
};

function readUnified(folder: string, current: string, readFile: ReadText): Measured {
  const limits: string[] = [];
  let group = folder;
  // The group at the top has no limit, and no such file.
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const limit = readFile(`${group}/memory.max`);
    if (limit === undefined) break;
    limits.push(limit);
    group = dirname(group);
  }
  return parseMemory({
    current,
    peak: readFile(`${folder}/memory.peak`),
    stat: readFile(`${folder}/memory.stat`) ?? '',
    limits,
    events: readFile(`${folder}/memory.events`) ?? '',
  });
}

/** Lists a group of version 1 and those of its steps and tasks. */
function groupsBelow(folder: string): string[] {
  const groups = [folder];
  for (let index = 0; index < groups.length && groups.length < MAX_GROUPS; index++)
    groups.push(...listGroups(groups[index]!).map((name) => `${groups[index]}/${name}`));
  return groups;
}
