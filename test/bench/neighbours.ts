import { serve } from '../help/executable.ts';
import { type Burden, MAX_MEMORY_MB, MAX_WAIT_MS, startNeighbour, worstWaitMs } from '../help/neighbours.ts';
import type { Place } from '../integration/neighbours/places.ts';
import { isAtMost, type Row } from './row.ts';

/**
 * Measures the longest wait of a neighbour and the most memory
 * in each place, over all cases of the table of neighbours.
 */
export async function measureNeighbours(places: readonly Place[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const place of places) rows.push(await measurePlace(place));
  return rows;
}

async function measurePlace({ name, folder: makeFolder, cases, surroundings }: Place): Promise<Row> {
  using folder = await makeFolder();
  await using beside = surroundings?.();
  const args = ['--log-level', 'error', ...(beside?.args ?? [])];
  await using server = await serve({ folder: folder.path, args });
  await using neighbour = await startNeighbour(server);
  const burdens: { use: string; burden: Burden }[] = [];
  for (const { endpoint, use, run, limits } of cases) {
    const burden = await neighbour.measure(() => run(server.url), limits);
    burdens.push({ use: `${endpoint}, ${use}`, burden });
  }
  const worst = burdens.toSorted((a, b) => worstWaitMs(b.burden) - worstWaitMs(a.burden))[0];
  const waitMs = worst ? worstWaitMs(worst.burden) : Number.NaN;
  const mostMb = Math.max(0, ...burdens.map(({ burden }) => burden.memoryMb));
  return {
    what: `longest wait beside ${cases.length} uses, ${name}`,
    floor: '',
    ours: `${waitMs.toFixed(0)} ms (${worst?.use ?? 'no case'}); ${mostMb.toFixed(0)} MB at most`,
    figure: '',
    budget: `at most ${MAX_WAIT_MS} ms and ${MAX_MEMORY_MB} MB`,
    isHeld: isAtMost(waitMs, MAX_WAIT_MS) && mostMb <= MAX_MEMORY_MB,
  };
}
