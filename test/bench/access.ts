import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { createRunningJobs } from './cluster.ts';
import { grouped, isAtLeast, median, type Row } from './row.ts';
import { readRate, readScript } from './wrk.ts';

const JOBS = 1000;

/** A way to be known: what its requests show. */
interface KnownCaller {
  readonly who: string;
  readonly headers: (url: string) => Promise<Record<string, string>>;
}

const CALLERS: readonly KnownCaller[] = [
  { who: 'by the kernel', headers: async () => ({}) },
  {
    who: 'by a token',
    headers: async (url) => bearer(await post(`${url}/v1/tokens`, { name: 'bench', role: 'viewer' })),
  },
  {
    who: 'by a session',
    headers: async (url) => bearer(await post(`${url}/v1/sessions`)),
  },
];

/**
 * Measures reads of one job over 32 connections by known callers, in turn with those of a service that is
 * open to everybody. The fastest request shows the cost of knowing the caller best.
 */
export async function measureAccess({
  rounds,
  seconds,
}: {
  rounds: number;
  seconds: number;
}): Promise<Row[]> {
  if (!Bun.which('wrk')) {
    console.error('SKIPPED known callers: install wrk.');
    return [];
  }
  using folder = temporaryFolder();
  await using open = await serve({ args: ['--open'] });
  await using known = await serve();
  for (const { url } of [open, known]) await createRunningJobs(url, JOBS);
  const scripts = await Promise.all(
    CALLERS.map(async ({ who, headers }) => {
      const script = folder.file(`${who}.lua`);
      await Bun.write(script, readScript(JOBS, await headers(known.url)));
      return script;
    }),
  );
  const plain = scripts[0]!;
  const rates: { open: number; known: number[] }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const rate = { open: await readRate(open.url, plain, seconds), known: [] as number[] };
    for (const script of scripts) rate.known.push(await readRate(known.url, script, seconds));
    if (round > 0) rates.push(rate); // round 0 warms both up
  }
  return CALLERS.map(({ who }, index) => {
    const ratio = median(rates.map(({ open: floor, known }) => known[index]! / floor));
    return {
      what: `reads of one job, callers known ${who}, beside --open`,
      floor: `${grouped(median(rates.map((rate) => rate.open)))}/s`,
      ours: `${grouped(median(rates.map((rate) => rate.known[index]!)))}/s`,
      figure: `${ratio.toFixed(2)} of the floor`,
      budget: 'at least 0.95',
      isHeld: isAtLeast(ratio, 0.95),
    };
  });
}

async function post(url: string, body?: object): Promise<Record<string, string>> {
  const response = await fetch(url, {
    method: 'POST',
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (response.status !== 201) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, string>;
}

const bearer = ({ token }: Record<string, string>) => ({ Authorization: `Bearer ${token}` });
