import { readFileSync } from 'node:fs';
import { serve } from '../help/executable.ts';
import { jobsFolder } from './data/files.ts';
import { timeGet } from './http.ts';
import { grouped, isAtMost, median, type Row } from './row.ts';

const IDLE_MS = 5000;

/** Measures the time from the start of the process to a healthy answer, and the memory of an idle service. */
export async function measureStarts({ jobs, rounds }: { jobs: number; rounds: number }): Promise<Row[]> {
  using folder = await jobsFolder({ jobs, running: jobs / 250, pending: jobs / 5000 });
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedMs = performance.now();
    await using server = await serve({ folder: folder.path });
    await timeGet(`${server.url}/v1/health`);
    times.push(performance.now() - startedMs);
    await server.stop();
  }
  await using server = await serve({ folder: folder.path });
  await timeGet(`${server.url}/v1/health`);
  await Bun.sleep(IDLE_MS);
  const residentMb = residentBytes(server.pid) / 1e6;
  return [
    {
      what: `start to first healthy answer, ${grouped(jobs)} jobs`,
      floor: '',
      ours: `${Math.round(median(times))} ms`,
      figure: '',
      budget: 'at most 300 ms',
      isHeld: isAtMost(median(times), 300),
    },
    {
      what: `idle memory of serve, resident, ${grouped(jobs)} jobs`,
      floor: '',
      ours: `${Math.round(residentMb)} MB`,
      figure: '',
      budget: 'at most 120 MB',
      isHeld: isAtMost(residentMb, 120),
    },
  ];
}

/** Returns the resident memory of a process; NaN if it has ended. */
export function residentBytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? Number.NaN) * 1024;
}
