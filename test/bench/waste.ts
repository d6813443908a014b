import { serve } from '../help/executable.ts';
import { jobsFolder } from './data/files.ts';
import { timeGet } from './http.ts';
import { grouped, isAtMost, median, type Row } from './row.ts';

const MAX_MS = 20;
/** The last 30 days of the jobs, and their last year. */
const RANGES = { '30 days': 'since=2024-12-02', 'a year': 'since=2024-01-01' } as const;
const UNTIL = 'until=2025-01-01';

const ASKED = [
  ...['usage?group_by=user', 'usage?group_by=account', 'usage?group_by=day', 'usage?user=u0000'],
  ...['waste?group_by=user', 'waste?group_by=account', 'waste?group_by=partition', 'waste?group_by=node'],
];

/** Measures what is answered from tallies beside many jobs. */
export async function measureWaste({ jobs, rounds }: { jobs: number; rounds: number }): Promise<Row[]> {
  using folder = await jobsFolder({ jobs, running: jobs / 250, pending: jobs / 5000 });
  await using server = await serve({ folder: folder.path });
  const rows: Row[] = [];
  for (const [name, since] of Object.entries(RANGES))
    for (const asked of ASKED) {
      const url = `${server.url}/v1/${asked}&${since}&${UNTIL}`;
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const { ms, body } = await timeGet(url);
        const { total } = JSON.parse(body) as { total: number };
        if (total === 0) throw new Error(`${url} has no rows.`);
        times.push(ms);
      }
      const ms = median(times);
      rows.push({
        what: `/v1/${asked}, ${name}, ${grouped(jobs)} jobs`,
        floor: '',
        ours: `${ms.toFixed(1)} ms`,
        figure: `at least ${Math.min(...times).toFixed(1)} ms`,
        budget: `at most ${MAX_MS} ms`,
        isHeld: isAtMost(ms, MAX_MS),
      });
    }
  return rows;
}
