import { afterAll, beforeAll, expect } from 'bun:test';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { expectWell, textOf } from '../help/page.ts';
import { testWith } from '../help/tool.ts';

const testWithBrowser = testWith(['chromium']);
const HOSTILE = '"><img src=x onerror=window.hacked=1>';
const GB = 2 ** 30;

let server: Awaited<ReturnType<typeof serve>>;
let browser: Awaited<ReturnType<typeof startBrowser>>;

beforeAll(async () => {
  if (!Bun.which('chromium')) return;
  server = await serve();
  browser = await startBrowser();
  await fill();
  await untilMade();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

async function post(path: string, body: object): Promise<void> {
  const answer = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.text()).toBe(true);
}

const hoursAgo = (hours: number) => new Date(Date.now() - 3_600_000 * hours).toISOString();

/** The overview that was made at the start is answered for some seconds, and jobs are judged every few. */
async function untilMade(): Promise<void> {
  const read = async () =>
    (await (await fetch(`${server.url}/v1/overview`)).json()) as { wasting: unknown[]; troubled: unknown[] };
  for (let made = await read(); made.wasting.length + made.troubled.length < 2; made = await read())
    await Bun.sleep(200);
}

/** A job with idle GPUs, one near its memory limit, and a node on which six failed at once. */
async function fill(): Promise<void> {
  const running = { state: 'running', start_time: hoursAgo(3), nodes: ['g1'] };
  const failed = { state: 'failed', start_time: hoursAgo(0.1), end_time: hoursAgo(0.099), nodes: ['hole'] };
  await post('/v1/jobs/batch', {
    jobs: [
      { id: 'idle', user: 'alice', gpus: 2, cpus: 8, memory_limit_mb: 8192, ...running },
      { id: 'full', user: HOSTILE, name: HOSTILE, cpus: 4, memory_limit_mb: 4096, ...running },
      ...Array.from({ length: 6 }, (_, index) => ({ id: `lost-${index}`, user: 'bob', ...failed })),
    ],
  });
  const at = { timestamp: new Date().toISOString(), node: 'g1' };
  const samplesAt = (minutes: number) => {
    const on = { ...at, timestamp: hoursAgo(minutes / 60) };
    return [
      { job_id: 'idle', ...on, cpu_usage: 50, memory_usage_mb: 100, gpu_usage: 0 },
      { job_id: 'full', ...on, cpu_usage: 50, memory_usage_mb: 4090 },
    ];
  };
  await post('/v1/samples', {
    samples: Array.from({ length: 12 }, (_, index) => samplesAt(11 - index)).flat(),
    report: {
      ...{ node: 'g1', timestamp: at.timestamp, version: '1', interval_seconds: 15, jobs: 2 },
      ...{ cpus: 64, memory_bytes: 256 * GB },
      gpus: ['a', 'b', 'c', 'd'].map((gpu) => ({ gpu, model: 'H200', power_watts: 100 })),
    },
  });
}

testWithBrowser(
  'the overview tells what is used of what is given, who wastes, and which node fails jobs',
  async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const page = await browser.open(server.url, { scheme });
      await page.until(`document.querySelector('.overview-gpus')`);
      const text = await textOf(page);
      expect(text).toMatch(/CPUs\s+50 % of given used\s+used\s+6\s+given\s+12\s+in all\s+64/);
      expect(text).toMatch(/GPUs\s+0 % of given used\s+used\s+0\s+given\s+2\s+in all\s+4/);
      expect(text).toMatch(/idle\s+alice\s+2 GPUs idle now, held for 3 h/);
      expect(text).toMatch(/full[\s\S]*3.99 GB of 4 GB memory now/);
      expect(text).toMatch(/hole\s+6 jobs\s+6 failed; 6 within a minute of their start/);
      expect(text).toMatch(/agents\s+1 live/);
      expect(text).toMatch(/H200\s+2\s+2\s+4/);
      await expectWell(page, server.url);
      await page.close();
    }
  },
);

testWithBrowser(
  'nothing of the overview moves when it is read again, and it fits a phone and a wall',
  async () => {
    for (const width of [380, 2560]) {
      const page = await browser.open(server.url, { width });
      await page.until(`document.querySelector('.concerns td')`);
      await page.quiet();
      await page.evaluate(`window.shift = 0; new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shift += entry.value;
    }).observe({ type: 'layout-shift' }); 1`);
      const reads = () => page.requested.filter((url) => url.endsWith('/v1/overview')).length;
      const before = reads();
      for (let tries = 0; tries < 100 && reads() === before; tries++) await Bun.sleep(100);
      expect(reads()).toBeGreaterThan(before);
      await Bun.sleep(200);
      // Only the age of the figures is written anew.
      expect(await page.evaluate<number>('window.shift')).toBeLessThan(0.001);
      expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await page.close();
    }
  },
);
