import { readFileSync } from 'node:fs';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { createRunningJobs } from './cluster.ts';
import { grouped, isAtLeast, median, type Row } from './row.ts';
import { countAnswers, readScript } from './wrk.ts';

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
 * open to everybody: answers for each second of the service's processor time, which other programs of the
 * machine change less than the answers a second. The fastest request shows the cost of knowing callers best.
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
    CALLERS.map(async ({ headers }, index) => {
      const script = folder.file(`${index}.lua`);
      await Bun.write(script, readScript(JOBS, await headers(known.url)));
      return script;
    }),
  );
  const rates: { open: number; known: number[] }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const rate = { open: await processorRate(open, scripts[0]!, seconds), known: [] as number[] };
    for (const script of scripts) rate.known.push(await processorRate(known, script, seconds));
    if (round > 0) rates.push(rate); // round 0 warms both up
  }
  return CALLERS.map(({ who }, index) => {
    const ratio = median(rates.map(({ open: floor, known }) => known[index]! / floor));
    return {
      what: `reads of one job by callers known ${who}, beside --open, for a second of CPU`,
      floor: `${grouped(median(rates.map((rate) => rate.open)))}/s`,
      ours: `${grouped(median(rates.map((rate) => rate.known[index]!)))}/s`,
      figure: `${ratio.toFixed(2)} of the floor`,
      budget: 'at least 0.95',
      isHeld: isAtLeast(ratio, 0.95),
    };
  });
}

/** The answers for each second of processor time that the service took. */
async function processorRate(
  { url, pid }: { readonly url: string; readonly pid: number },
  script: string,
  seconds: number,
): Promise<number> {
  const before = processorSeconds(pid);
  const answers = await countAnswers(url, script, seconds);
  return answers / (processorSeconds(pid) - before);
}

/** The processor time of all threads of a process: utime and stime in /proc/PID/stat, of 10 ms each. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
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
