import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { startFloor } from '../bench/floor.ts';
import type { Waits } from './neighbour.ts';

/**
 * The longest that one request may keep its neighbours waiting, and the most memory that the service may take
 * for it.
 */
export const MAX_WAIT_MS = 50;
export const MAX_MEMORY_MB = 350;

/** The machine itself pauses now and then; a service that makes others wait does so every time. */
const ATTEMPTS = 3;
/** A service that takes more is killed, before the machine has none left for anybody. */
const FATAL_MB = 2500;
const WATCH_MS = 20;
/** What a request leaves behind (a checkpoint, a collection of garbage) belongs to it. */
const SETTLE_MS = 150;
const UNDISTURBED_MS = 2000;

/** What the neighbours of one request saw: waits in milliseconds, memory in megabytes of 10^6 bytes. */
export interface Burden extends Waits {
  readonly memoryMb: number;
  /** How long the request itself took. */
  readonly tookMs: number;
  /** The longest waits of two seconds in which nobody else asked for anything. */
  readonly undisturbed: Waits;
}

/**
 * The longest wait of any neighbour, beyond what its request takes undisturbed, and beyond what a server that
 * does nothing made it wait meanwhile.
 */
export const worstWaitMs = ({ healthMs, sampleMs, scrapeMs, floorMs, undisturbed }: Burden): number => {
  const waits = [
    healthMs - undisturbed.healthMs,
    sampleMs - undisturbed.sampleMs,
    scrapeMs - undisturbed.scrapeMs,
  ];
  return Math.max(0, Math.max(...waits) - floorMs);
};

/** What one use may cost, where it may cost more than others; its case says why. */
export interface Limits {
  readonly waitMs?: number;
  readonly memoryMb?: number;
}

const isHeld = (burden: Burden, { waitMs = MAX_WAIT_MS, memoryMb = MAX_MEMORY_MB }: Limits): boolean =>
  worstWaitMs(burden) <= waitMs && burden.memoryMb <= memoryMb && burden.faults.length === 0;

/**
 * Starts a neighbour of a service. `measure` runs a request, or many, while the neighbour goes on asking, and
 * tells what it saw: of three attempts at most, the first that holds the limits, else the one with the
 * shortest wait.
 */
export async function startNeighbour({ url, pid }: { readonly url: string; readonly pid: number }) {
  await createNeighbourJob(url);
  const floor = await startFloor('echo');
  let answer: (waits: Waits) => void = () => {};
  const child = Bun.spawn([process.execPath, resolve(import.meta.dir, 'neighbour.ts'), url, floor.url], {
    stdout: 'ignore',
    stderr: 'inherit',
    ipc: (waits: Waits) => answer(waits),
  });
  const report = () =>
    new Promise<Waits>((received) => {
      answer = received;
      child.send('report');
    });

  // The connections are open, and the code of all three requests is warm.
  await Bun.sleep(1000);
  child.send('reset');
  await Bun.sleep(UNDISTURBED_MS);
  const undisturbed = await report();

  async function attempt(run: () => Promise<unknown>): Promise<Burden> {
    resetPeak(pid);
    child.send('reset');
    const watch = setInterval(
      () => void (readPeakMb(pid) > FATAL_MB && process.kill(pid, 'SIGKILL')),
      WATCH_MS,
    );
    const startedMs = performance.now();
    try {
      await run();
      const tookMs = performance.now() - startedMs;
      await Bun.sleep(SETTLE_MS);
      return { ...(await report()), memoryMb: readPeakMb(pid), tookMs, undisturbed };
    } finally {
      clearInterval(watch);
    }
  }

  return {
    async measure(run: () => Promise<unknown>, limits: Limits = {}): Promise<Burden> {
      let best = await attempt(run);
      for (let count = 1; count < ATTEMPTS && !isHeld(best, limits); count++) {
        await Bun.sleep(500);
        const next = await attempt(run);
        if (isHeld(next, limits) || worstWaitMs(next) < worstWaitMs(best)) best = next;
      }
      return best;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await floor[Symbol.asyncDispose]();
    },
  };
}

async function createNeighbourJob(url: string): Promise<void> {
  const answer = await fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"id":"neighbour","user":"neighbour","nodes":["neighbour"]}',
  });
  if (answer.status !== 201 && answer.status !== 409)
    throw new Error(`The neighbour's job: ${answer.status} ${await answer.text()}`);
}

/** Makes the highest resident memory that Linux remembers of a process that of now (proc(5), clear_refs). */
function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** 0 when the process has ended. */
function readPeakMb(pid: number): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0;
  return (Number(kilobytes) * 1024) / 1e6;
}

/** A burden as one line: milliseconds and megabytes. */
export const describeBurden = ({ healthMs, sampleMs, scrapeMs, floorMs, memoryMb, tookMs }: Burden): string =>
  Object.entries({
    health: healthMs,
    sample: sampleMs,
    scrape: scrapeMs,
    floor: floorMs,
    took: tookMs,
    MB: memoryMb,
  })
    .map(([name, figure]) => `${name} ${figure.toFixed(0).padStart(6)}`)
    .join('  ');
