import { readFileSync } from 'node:fs';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { createRunningJobs } from './cluster.ts';
import { grouped, isAtLeast, median, type Row } from './row.ts';
import { countAnswers, postScript, readScript } from './wrk.ts';

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
    headers: async (url) => bearer(await post(`${url}/v1/tokens`, { name: 'bench', role: 'admin' })),
  },
  {
    who: 'by a session',
    headers: async (url) => bearer(await post(`${url}/v1/sessions`)),
  },
];

/** The fastest request shows the cost of knowing callers best; the other is what a service gets most. */
const REQUESTS: readonly (readonly [what: string, script: typeof readScript])[] = [
  ['reads of one job', readScript],
  ['one-sample POSTs', postScript],
];

/**
 * Measures requests of known callers over 32 connections, in turn with those to a service that is open to
 * everybody: answers for each second of the service's processor time, which other programs of the machine
 * change less than the answers a second.
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
  const headers = await Promise.all(CALLERS.map((caller) => caller.headers(known.url)));
  const rows: Row[] = [];
  for (const [what, script] of REQUESTS) {
    const files = await Promise.all(
      headers.map(async (shown, index) => {
        const file = folder.file(`${index}.lua`);
        await Bun.write(file, script(JOBS, shown));
        return file;
      }),
    );
    rows.push(...(await compare(what, files, { open, known, rounds, seconds })));
  }
  return rows;
}

interface Comparison {
  readonly open: Running;
  readonly known: Running;
  readonly rounds: number;
  readonly seconds: number;
}

type Running = Readonly<{ url: string; pid: number }>;

/** Runs the script of each caller in turn with that of nobody in particular. */
async function compare(
  what: string,
  scripts: readonly string[],
  { open, known, rounds, seconds }: Comparison,
): Promise<Row[]> {
  const rates: { open: number; known: number[] }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const rate = { open: await processorRate(open, scripts[0]!, seconds), known: [] as number[] };
    for (const script of scripts) rate.known.push(await processorRate(known, script, seconds));
    if (round > 0) rates.push(rate); // round 0 warms both up
  }
  return CALLERS.map(({ who }, index) => {
    const ratio = median(rates.map(({ open: floor, known }) => known[index]! / floor));
    return {
      what: `${what} by callers known ${who}, beside --open, for a second of CPU`,
      floor: `${grouped(median(rates.map((rate) => rate.open)))}/s`,
      ours: `${grouped(median(rates.map((rate) => rate.known[index]!)))}/s`,
      figure: `${ratio.toFixed(2)} of the floor`,
      budget: 'at least 0.95',
      isHeld: isAtLeast(ratio, 0.95),
    };
  });
}

/** The answers for each second of processor time that the service took. */
async function processorRate({ url, pid }: Running, script: string, seconds: number): Promise<number> {
  const before = processorSeconds(pid);
  const answers = await countAnswers(url, script, seconds);
  return answers / (processorSeconds(pid) - before);
}

/** The processor time of all threads of a process: utime and stime in /proc/PID/stat, of 10 ms each. */
export function processorSeconds(pid: number): number {
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
