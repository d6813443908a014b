import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { createRunningJobs } from './cluster.ts';
import { startFloor } from './floor.ts';
import { grouped, isAtLeast, median, type Row } from './row.ts';
import { postRate, postScript } from './wrk.ts';

const JOBS = 1000;

/**
 * Measures one-sample POSTs to 1,000 jobs over 32 connections, in turn with an Elysia app and a bare server
 * that echo them.
 */
export async function measurePosts({ rounds, seconds }: { rounds: number; seconds: number }): Promise<Row[]> {
  if (!Bun.which('wrk')) {
    console.error('SKIPPED one-sample POSTs: install wrk.');
    return [];
  }
  using folder = temporaryFolder();
  const script = folder.file('post.lua');
  await Bun.write(script, postScript(JOBS));
  await using elysia = await startFloor('elysia');
  await using bare = await startFloor('echo');
  await using server = await serve();
  await createRunningJobs(server.url, JOBS);
  const rates: { elysia: number; bare: number; ours: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const rate = {
      elysia: await postRate(elysia.url, script, seconds),
      ours: await postRate(server.url, script, seconds),
      bare: await postRate(bare.url, script, seconds),
    };
    if (round > 0) rates.push(rate); // round 0 warms all three up
  }
  const ratio = median(rates.map(({ ours, elysia: floor }) => ours / floor));
  const bareRatio = median(rates.map(({ ours, bare: floor }) => ours / floor));
  const what = 'one-sample POSTs, durable, 32 connections';
  const ours = `${grouped(median(rates.map((rate) => rate.ours)))}/s`;
  return [
    {
      what: `${what}, beside an Elysia app that echoes`,
      floor: `${grouped(median(rates.map((rate) => rate.elysia)))}/s`,
      ours,
      figure: `${ratio.toFixed(2)} of the floor`,
      budget: 'at least 0.6',
      isHeld: isAtLeast(ratio, 0.6),
    },
    {
      what: `${what}, beside a bare Bun.serve that echoes`,
      floor: `${grouped(median(rates.map((rate) => rate.bare)))}/s`,
      ours,
      figure: `${bareRatio.toFixed(2)} of the floor`,
      budget: '',
      isHeld: undefined,
    },
  ];
}
