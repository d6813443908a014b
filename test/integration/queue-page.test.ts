import { afterAll, beforeAll, expect } from 'bun:test';
import type { QueueAnswer } from '../../src/api/queue.ts';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { expectWell, textOf } from '../help/page.ts';
import { testWith } from '../help/tool.ts';

const testWithBrowser = testWith(['chromium']);
const HOSTILE = '"><img src=x onerror=window.hacked=1>';

let server: Awaited<ReturnType<typeof serve>>;
let browser: Awaited<ReturnType<typeof startBrowser>>;

beforeAll(async () => {
  if (!Bun.which('chromium')) return;
  server = await serve();
  browser = await startBrowser();
  await fill();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

const hoursAgo = (hours: number) => new Date(Date.now() - 3_600_000 * hours).toISOString();

/** Six jobs that wait: three for resources, one for another job, one for nothing known, one without hope. */
async function fill(): Promise<void> {
  const waits = (id: string, hours: number, fields: object) => ({
    ...{ id, user: 'alice', nodes: ['n1'], state: 'pending', partition: 'gpu', cpus: 8 },
    ...{ start_time: hoursAgo(hours), submit_time: hoursAgo(hours) },
    ...fields,
  });
  const answer = await fetch(`${server.url}/v1/jobs/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      jobs: [
        waits('1', 30, { reason: 'Resources' }),
        waits('2', 20, { reason: 'Priority', user: 'bob' }),
        waits('3', 10, { reason: 'Priority' }),
        waits('4', 40, { reason: 'Dependency' }),
        waits('5', 2, { reason: HOSTILE, user: HOSTILE, partition: HOSTILE, name: HOSTILE }),
        waits('6', 1, { reason: 'PartitionTimeLimit' }),
      ],
    }),
  });
  expect(answer.ok).toBe(true);
  // The queue that the service made at its start is answered for some seconds.
  const isNew = async () =>
    ((await (await fetch(`${server.url}/v1/queue`)).json()) as QueueAnswer).jobs === 6;
  for (const endMs = Date.now() + 20_000; Date.now() < endMs && !(await isNew()); ) await Bun.sleep(200);
}

testWithBrowser('the queue tells who waits, for what and since when, and leads to the jobs', async () => {
  for (const scheme of ['light', 'dark'] as const) {
    const page = await browser.open(`${server.url}/queue`, { scheme });
    await page.until(`document.querySelector('.causes')`);
    const text = await textOf(page);
    expect(text).toMatch(/6 waiting\s+of 3 users\s+3 for free resources\s+longest 1 d 6 h/);
    expect(text).toMatch(/Priority Jobs with a higher priority are before it\.\s+2/);
    expect(text).toMatch(
      /Waiting longest[\s\S]*\n1\s+alice[\s\S]*Not helped by free resources[\s\S]*\n4\s+alice/,
    );
    await expectWell(page, server.url);
    await page.close();
  }
  const page = await browser.open(`${server.url}/queue`, { width: 380 });
  await page.until(`document.querySelector('.causes')`);
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  await page.evaluate(`document.querySelector('.queue-lists td a').click()`);
  await page.until(`document.querySelectorAll('.jobs tbody tr').length === 5`);
  expect(await page.evaluate<string>('decodeURIComponent(location.search)')).toContain('partition:gpu');
});
