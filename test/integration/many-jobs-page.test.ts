import { afterAll, beforeAll, expect } from 'bun:test';
import { jobsFolder } from '../bench/data/files.ts';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { expectWell, press, textOf, type } from '../help/page.ts';
import { testWith } from '../help/tool.ts';
import { MILLION } from './neighbours/places.ts';

// The pages in a real browser, on 1,000,000 jobs.

const testWithBrowser = testWith(['chromium']);
/** To make the database, on a busy machine. */
const BUILD_MS = 900_000;

let folder: Awaited<ReturnType<typeof jobsFolder>>;
let server: Awaited<ReturnType<typeof serve>>;
let browser: Awaited<ReturnType<typeof startBrowser>>;

beforeAll(async () => {
  if (!Bun.which('chromium')) return;
  folder = await jobsFolder(MILLION);
  server = await serve({ folder: folder.path });
  browser = await startBrowser();
}, BUILD_MS);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

const isCounted = (text: string) => `document.querySelector('[role=status]')?.innerText === '${text}'`;

testWithBrowser('a list of 1,000,000 jobs is counted, filtered, sorted and read on', async () => {
  const page = await browser.open(`${server.url}/jobs`);
  await page.until(isCounted('1 000 000 jobs'));
  const first = await textOf(page, '.jobs tbody tr');

  await press(page, '/');
  await type(page, 'state:running');
  await press(page, 'Enter');
  await page.until(isCounted('2 000 jobs'));

  await page.evaluate(`history.back()`);
  await page.until(isCounted('1 000 000 jobs'));
  expect(await textOf(page, '.jobs tbody tr')).toBe(first);
  await expectWell(page, server.url);
});

testWithBrowser('a list that reads all jobs says that it is being read, and comes', async () => {
  const page = await browser.open(`${server.url}/jobs?sort=cpu_usage`);
  await page.until(isCounted('1 000 000 jobs'));
  expect(await textOf(page, '.jobs tbody')).not.toBe('');
  expect(page.complaints).toEqual([]);
});

testWithBrowser('every page shows something on 1,000,000 jobs', async () => {
  for (const path of ['/', '/queue', '/nodes', '/usage']) {
    const page = await browser.open(`${server.url}${path}`);
    await page.until(`document.querySelector('main h1')`);
    expect(await textOf(page), path).not.toContain('Reading …');
    expect(page.complaints, path).toEqual([]);
  }
});
