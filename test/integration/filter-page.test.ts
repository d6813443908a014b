import { afterAll, beforeAll, expect } from 'bun:test';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { expectWell, type Page, press, textOf, type } from '../help/page.ts';
import { testWith } from '../help/tool.ts';

const testWithBrowser = testWith(['chromium']);

let server: Awaited<ReturnType<typeof serve>>;
let browser: Awaited<ReturnType<typeof startBrowser>>;

beforeAll(async () => {
  if (!Bun.which('chromium')) return;
  server = await serve();
  browser = await startBrowser();
  const start_time = new Date(Date.now() - 3_600_000).toISOString();
  const jobs = [
    { id: '1', user: 'alice', nodes: ['n1'], state: 'running', start_time, partition: 'gpu', gpus: 2 },
    { id: '2', user: 'bob', nodes: ['n9'], state: 'running', start_time, partition: 'cpu', cpus: 64 },
    { id: '3', user: 'alice', nodes: ['n2'], state: 'running', start_time, partition: 'cpu', cpus: 8 },
  ];
  const answer = await fetch(`${server.url}/v1/jobs/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jobs }),
  });
  expect(((await answer.json()) as { stored: number }).stored).toBe(3);
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

const FIELD = `document.querySelector('[role=combobox]')`;
const filterOf = (page: Page) =>
  page.evaluate<string>(`new URLSearchParams(location.search).get('filter') ?? ''`);
const suggested = (page: Page) =>
  page.evaluate<string[]>(`[...document.querySelectorAll('[role=option] code')].map((one) => one.innerText)`);
const isFound = (jobs: string) => `document.querySelector('[role=status]')?.innerText.startsWith('${jobs} ')`;
async function pressAll(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    await press(page, key);
    await Bun.sleep(50);
  }
}

testWithBrowser('a filter is completed, changed and taken back by the keyboard alone', async () => {
  const page = await browser.open(`${server.url}/jobs`);
  await page.until(isFound('3'));
  await pressAll(page, '/');
  await page.until(`document.querySelectorAll('[role=option]').length > 10`);
  expect(await suggested(page)).toContain('state:running gpus>=1 gpu<5');
  await expectWell(page, server.url);

  // A key and then one of the values that are shown, the most frequent first.
  await type(page, 'us');
  await pressAll(page, 'Tab');
  expect(await page.evaluate(`${FIELD}.value`)).toBe('user:');
  await page.until(`document.querySelectorAll('[role=option]').length === 2`);
  expect(await suggested(page)).toEqual(['user:alice', 'user:bob']);
  await pressAll(page, 'ArrowDown', 'ArrowDown', 'ArrowUp');
  const active = `document.getElementById(${FIELD}.getAttribute('aria-activedescendant'))`;
  expect(await page.evaluate(`${active}.innerText`)).toStartWith('user:alice');
  await pressAll(page, 'Enter');
  await page.until(isFound('2'));
  expect(await filterOf(page)).toBe('user:alice');

  await type(page, 'cpus>4');
  await pressAll(page, 'Enter');
  await page.until(isFound('1'));
  expect(await filterOf(page)).toBe('user:alice cpus>4');

  // Names that no row has come from the service.
  await type(page, 'node:n');
  await page.until(
    `[...document.querySelectorAll('[role=option]')].some((one) => one.innerText.startsWith('node:n9'))`,
  );
  await pressAll(page, 'Escape');
  expect(await page.evaluate(`${FIELD}.getAttribute('aria-expanded')`)).toBe('false');
  await page.evaluate(`document.execCommand('selectAll') && document.execCommand('delete')`);
  await pressAll(page, 'Backspace');
  expect(await page.evaluate(`${FIELD}.value`)).toBe('cpus>4');
  await page.until(isFound('2'));

  // A pill that is pressed is changed in its place.
  await page.evaluate(`document.querySelector('.pill button').click()`);
  expect(await page.evaluate(`${FIELD}.value`)).toBe('user:alice');
  await type(page, ',bob');
  await pressAll(page, 'Enter');
  await page.until(isFound('3'));
  expect(await filterOf(page)).toBe('user:alice,bob');
  // Lists that were not wanted any more were cancelled.
  expect(page.complaints.splice(0).filter((text) => text !== 'net::ERR_ABORTED')).toEqual([]);
  await expectWell(page, server.url);
});

testWithBrowser('what is wrong in a filter is said beside it, on a narrow screen too', async () => {
  const filter = encodeURIComponent(
    'cpu:10-5 user:bob name:"a name that is longer than the screen of a phone is wide"',
  );
  const page = await browser.open(`${server.url}/jobs?filter=${filter}`, {
    width: 380,
    height: 800,
    scheme: 'dark',
  });
  await page.until(`document.querySelector('.fault')`);
  expect(await textOf(page, '.fault')).toStartWith('10-5 runs backwards');
  await pressAll(page, '/');
  await page.until(`document.querySelectorAll('[role=option]').length > 10`);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(380);
  await expectWell(page, server.url);
});
