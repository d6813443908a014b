import { serve } from '../help/executable.ts';
import { type Burden, MAX_MEMORY_MB, MAX_WAIT_MS, startNeighbour, worstWaitMs } from '../help/neighbours.ts';
import type { Place } from '../integration/neighbours/places.ts';
import type { Row } from './row.ts';

/** The longest wait of a neighbour in each place, and the most memory, over all cases of the table of neighbours. */
export async function measureNeighbours(places: readonly Place[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const place of places) rows.push(await measurePlace(place));
  return rows;
}

async function measurePlace({ name, folder: makeFolder, cases }: Place): Promise<Row> {
  using folder = await makeFolder();
  await using server = await serve({ folder: folder.path, args: ['--log-level', 'error'] });
  await using neighbour = await startNeighbour(server);
  const burdens: { use: string; burden: Burden }[] = [];
  for (const { endpoint, use, run, limits } of cases) {
    const burden = await neighbour.measure(() => run(server.url), limits);
    burdens.push({ use: `${endpoint}, ${use}`, burden });
  }
  const worst = burdens.reduce((one, other) =>
    worstWaitMs(other.burden) > worstWaitMs(one.burden) ? other : one,
  );
  const mostMb = Math.max(...burdens.map(({ burden }) => burden.memoryMb));
  return {
    what: `longest wait beside ${cases.length} uses, ${name}`,
    floor: '',
    ours: `${worstWaitMs(worst.burden).toFixed(0)} ms (${worst.use}); ${mostMb.toFixed(0)} MB at most`,
    figure: '',
    budget: `at most ${MAX_WAIT_MS} ms and ${MAX_MEMORY_MB} MB`,
    isHeld: worstWaitMs(worst.burden) <= MAX_WAIT_MS && mostMb <= MAX_MEMORY_MB,
  };
}
