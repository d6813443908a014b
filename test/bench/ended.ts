import { serve } from '../help/executable.ts';
import { jobsFolder } from './data/files.ts';
import { timeGet } from './http.ts';
import { grouped, isAtMost, median, type Row } from './row.ts';

/** Keeps retention from working during the measurement. */
const KEEP = ['--sample-retention', 'keep', '--job-retention', 'keep'];

/** Measures `/metrics` of running jobs beside many ended ones, in turn with the running jobs alone. */
export async function measureEnded(options: {
  running: number;
  ended: number;
  rounds: number;
}): Promise<Row[]> {
  const { running, ended, rounds } = options;
  const shape = { jobs: running + ended, running, pending: 0 };
  using past = await jobsFolder(shape);
  using alone = await jobsFolder({ ...shape, isOnlyRunning: true });
  await using withPast = await serve({ folder: past.path, args: KEEP });
  await using without = await serve({ folder: alone.path, args: KEEP });
  const ours: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round < rounds + 5; round++) {
    const floor = await timeGet(`${without.url}/metrics`);
    const own = await timeGet(`${withPast.url}/metrics`);
    if (round === 0) compareSeries(own.body, floor.body, running);
    if (round < 5) continue; // warms both up
    floors.push(floor.ms);
    ours.push(own.ms);
  }
  const ratio = median(ours) / median(floors);
  return [
    {
      what: `/metrics, ${grouped(running)} running jobs beside ${grouped(ended)} ended ones, same bytes`,
      floor: `${median(floors).toFixed(1)} ms`,
      ours: `${median(ours).toFixed(1)} ms`,
      figure: `${ratio.toFixed(2)} times without`,
      budget: 'at most 1.2',
      isHeld: isAtMost(ratio, 1.2),
    },
  ];
}

/** Throws unless the per-job families are the same, except for the values of the runtimes. */
function compareSeries(own: string, floor: string, running: number): void {
  const [a, b] = [own, floor].map((text) =>
    text
      .split('\n')
      .filter((line) => /^hpc_job_(runtime|cpu|memory|gpu)_/.test(line))
      .map((line) => (line.startsWith('hpc_job_runtime') ? line.slice(0, line.lastIndexOf(' ')) : line)),
  ) as [string[], string[]];
  if (a.length !== 4 * running || a.join('\n') !== b.join('\n')) {
    throw new Error(
      `${a.length} series with ended jobs and ${b.length} without are not the same ${4 * running}.`,
    );
  }
}
