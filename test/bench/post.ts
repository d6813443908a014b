import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { createRunningJobs } from './cluster.ts';
import { startFloor } from './floor.ts';
import { median, type Row } from './row.ts';
import { postRate, postScript } from './wrk.ts';

const JOBS = 1000;

/** One-sample POSTs over 32 connections to 1,000 jobs, in turn with a server that only parses and echoes. */
export async function measurePosts({ rounds, seconds }: { rounds: number; seconds: number }): Promise<Row[]> {
  if (!Bun.which('wrk')) {
    console.error('SKIPPED one-sample POSTs: install wrk.');
    return [];
  }
  using folder = temporaryFolder();
  const script = folder.file('post.lua');
  await Bun.write(script, postScript(JOBS));
  await using floor = await startFloor('echo');
  await using server = await serve();
  await createRunningJobs(server.url, JOBS);
  const ours: number[] = [];
  const floors: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const pair = [
      await postRate(floor.url, script, seconds),
      await postRate(server.url, script, seconds),
    ] as const;
    if (round === 0) continue; // warms both up
    floors.push(pair[0]);
    ours.push(pair[1]);
  }
  const ratio = median(ours.map((rate, round) => rate / floors[round]!));
  return [
    {
      what: 'one-sample POSTs, durable, 32 connections',
      floor: `${Math.round(median(floors))}/s`,
      ours: `${Math.round(median(ours))}/s`,
      figure: `${ratio.toFixed(2)} of the floor`,
      budget: 'at least 0.5',
      isHeld: ratio >= 0.5,
    },
  ];
}
