import { afterAll, beforeAll, expect } from 'bun:test';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { expectWell, type Page, press, textOf, type } from '../help/page.ts';
import { testWith } from '../help/tool.ts';

// The list of jobs in a real browser: 10,500 jobs, the newest hundred with samples.

const testWithBrowser = testWith(['chromium']);
const JOBS = 10_500;
const WITH_SAMPLES = 100;
// Half a minute past the hour, so that no runtime is written otherwise while a test looks.
const BEGIN_MS = Date.now() - 3_630_000;
const at = (second: number) => new Date(BEGIN_MS + 1000 * second).toISOString();

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

async function send(method: string, path: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${server.url}/v1/${path}`, { method, headers, body: JSON.stringify(body) });
  expect(answer.ok, await answer.text()).toBe(true);
}

/** Job 0 is the newest; all that have samples run, and those with an odd number use no GPU. */
async function fill(): Promise<void> {
  const jobs = Array.from({ length: JOBS }, (_, index) => ({
    ...{
      id: `j${index}`,
      user: index % 2 ? 'bob' : 'alice',
      nodes: [`n${index % 50}`],
      name: `train ${index}`,
    },
    ...{ start_time: at(-index / 10), cpus: 8, gpus: 1, partition: 'gpu', submit_time: at(-index / 10 - 60) },
    ...(index < WITH_SAMPLES ? { state: 'running' } : { state: 'completed', end_time: at(1800) }),
  }));
  for (let from = 0; from < JOBS; from += 3500)
    await send('POST', 'jobs/batch', { jobs: jobs.slice(from, from + 3500) });
  const samples = Array.from({ length: WITH_SAMPLES * 40 }, (_, row) => ({
    ...{ job_id: `j${row % WITH_SAMPLES}`, timestamp: at(60 * Math.floor(row / WITH_SAMPLES)) },
    ...{ cpu_usage: 60, memory_usage_mb: 1000, gpu_usage: row % 2 ? 0 : 80 },
  }));
  await send('POST', 'samples', { samples });
}

const open = async (query = '', options = {}) => {
  const page = await browser.open(`${server.url}/jobs${query}`, options);
  await page.until(`document.querySelector('.jobs tbody tr[aria-rowindex="2"]')`);
  return page;
};
const IS_DRAWN = `document.querySelectorAll('.panel canvas').length`;
const search = (page: Page) => page.evaluate<string>('location.search');
const idOf = (row: string) => `document.querySelector('.jobs tr${row} .col-id a')?.innerText`;
const currentId = (page: Page) => page.evaluate<string>(idOf('[aria-current=true]'));

/** Loads the page again, and notes from then on what moves in it. */
async function watchShifts(page: Page): Promise<void> {
  const source = `window.shifts = [];
    new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(({ value }) => value)))
      .observe({ type: 'layout-shift', buffered: true });`;
  await page.call('Page.addScriptToEvaluateOnNewDocument', { source });
  await page.call('Page.reload');
  await page.until(`window.shifts && document.querySelector('.jobs tbody tr[aria-rowindex="2"]')`);
}

testWithBrowser('each row has small lines, and is tinted only where a GPU is held and not used', async () => {
  const page = await open();
  await page.until(`document.querySelectorAll('.jobs .spark path').length > 60`);
  expect(
    await page.evaluate(`document.querySelector('tr[aria-rowindex="2"] .col-gpu').className`),
  ).not.toContain('tint');
  expect(await page.evaluate(`document.querySelector('tr[aria-rowindex="3"] .col-gpu').className`)).toContain(
    'tint-waste',
  );
  // They are asked for again when they have aged.
  const asked = page.requested.filter((url) => url.includes('/v1/sparklines'));
  expect(asked.length).toBeLessThan(4);
  await expectWell(page, server.url);
});

testWithBrowser('new rows are counted and ended ones change in place: nothing moves', async () => {
  const page = await open();
  await watchShifts(page);
  await page.until(`document.querySelectorAll('.jobs .spark path').length > 60`);
  await send('POST', 'jobs', { id: 'new', user: 'carol', nodes: ['n1'] });
  await send('PATCH', 'jobs/j5', { state: 'completed' });
  await page.until(`document.querySelector('.news')?.innerText === '1 new, show'`);
  await page.until(
    `document.querySelector('tr[aria-rowindex="7"] .col-state').innerText.includes('completed')`,
  );
  expect(await page.evaluate(idOf('[aria-rowindex="2"]'))).toBe('j0');
  expect(await page.evaluate<number[]>('window.shifts')).toEqual([]);
  await page.evaluate(`document.querySelector('.news').click()`);
  await page.until(`${idOf('[aria-rowindex="2"]')} === 'new'`);
  await fetch(`${server.url}/v1/jobs/new`, { method: 'DELETE' });
});

testWithBrowser('the drawer opens beside the list, follows the keys, and is in the address', async () => {
  const page = await open();
  for (let rows = 0; rows < 40; rows++) await press(page, 'j');
  const top = () => page.evaluate<number>(`document.querySelector('.scroller').scrollTop`);
  const before = await top();
  expect([await currentId(page), before > 0]).toEqual(['j39', true]);
  await press(page, ' ');
  await page.until(`${IS_DRAWN} >= 3`);
  expect(await search(page)).toBe('?open=j39');
  expect(await textOf(page, '.verdict-sentence')).toContain('used none');
  expect(await top()).toBeGreaterThanOrEqual(before);
  await expectWell(page, server.url);

  await press(page, 'k');
  await page.until(`document.querySelector('.panel h2').innerText === 'j38' && ${IS_DRAWN} >= 3`);
  expect(await search(page)).toBe('?open=j38');
  await press(page, 'Home');
  await page.until(`document.querySelector('.panel h2').innerText === 'j0'`);
  await page.until(`document.querySelector('.scroller').scrollTop === 0`);
  for (const key of ['PageDown', 'PageDown', 'ArrowUp', 'ArrowUp']) await press(page, key);
  await page.until(`document.querySelector('.panel h2').innerText === 'j38'`);
  await press(page, 'Escape');
  await page.until(`!document.querySelector('.panel')`);
  expect([await search(page), await currentId(page)]).toEqual(['', 'j38']);

  await page.evaluate(`document.querySelector('tr[aria-rowindex="38"] .col-state').click()`);
  await page.until(`document.querySelector('.panel h2').innerText === 'j36'`);
  await page.evaluate('history.back()');
  await page.until(`!document.querySelector('.panel')`);
});

testWithBrowser(
  'selected jobs are compared in one plot a measure, and the address shows the same',
  async () => {
    const page = await open('', { scheme: 'dark' });
    for (const key of ['j', 'x', 'j', 'j', 'x', 'c']) await press(page, key);
    await page.until(`${IS_DRAWN} === 3`);
    expect(await search(page)).toBe('?compare=j0%2Cj2');
    expect(await page.evaluate(`document.querySelectorAll('.jobs .check input:checked').length`)).toBe(2);
    expect(await textOf(page, '.panel .legend')).toMatch(/j0 train 0[\s\S]*j2 train 2/);
    await expectWell(page, server.url);

    const shared = await open('?compare=j0%2Cj2');
    await shared.until(`${IS_DRAWN} === 3`);
    await shared.evaluate(`document.querySelector('[aria-label="Remove j0"]').click()`);
    await shared.until(`location.search === '?compare=j2'`);
  },
);

testWithBrowser(
  '10,000 rows are loaded while one scrolls, few of them are drawn, and back finds the place',
  async () => {
    const page = await open('?filter=user:alice,bob');
    const last = `document.querySelector('.jobs tbody tr:last-child')`;
    const toEnd = `(() => { const s = document.querySelector('.scroller'); s.scrollTop = s.scrollHeight;
    return ${last}.getAttribute('aria-rowindex') === '10001'; })()`;
    await page.until(toEnd);
    expect(await textOf(page, 'p.more')).toStartWith('10 000 of 10 500 are shown');
    expect(await page.evaluate<number>(`document.querySelectorAll('.jobs tbody tr').length`)).toBeLessThan(
      110,
    );
    expect(await page.evaluate(`document.querySelector('.jobs').getAttribute('aria-rowcount')`)).toBe(
      '10501',
    );

    await page.evaluate(`document.querySelector('.scroller').scrollTop = 24 * 3000`);
    await page.until(`document.querySelector('tr[aria-rowindex="3010"]') && history.state?.top === 72000`);
    await page.evaluate(`document.querySelector('tr[aria-rowindex="3010"] .col-id a').click()`);
    await page.until(`document.querySelector('h1')?.innerText.includes('j3008')`);
    await page.evaluate('history.back()');
    await page.until(`document.querySelector('tr[aria-rowindex="3010"]')`);
    expect(await page.evaluate(`document.querySelector('.scroller').scrollTop`)).toBe(72_000);
    await page.call('Page.reload');
    await page.until(`document.querySelector('tr[aria-rowindex="3010"]')`);
    expect(page.complaints).toEqual([]);
  },
);

testWithBrowser(
  'columns are chosen, in the address and on this browser, and CSV has what is shown',
  async () => {
    const page = await open();
    const toggle = (name: string) =>
      page.evaluate(`[...document.querySelectorAll('.column-menu label')]
      .find(({ innerText }) => innerText.trim() === '${name}').click()`);
    await page.evaluate(`document.querySelector('.menu').open = true`);
    await toggle('QOS');
    await page.until(`document.querySelector('thead .col-qos')`);
    await expectWell(page, server.url);
    await toggle('Nodes');
    await page.until(`!document.querySelector('thead .col-nodes')`);
    expect(await search(page)).toMatch(/^\?columns=id%2Cstate%2Cuser%2Cname%2C.*qos/);

    const again = await open();
    await again.until(`document.querySelector('thead .col-qos') && location.search.includes('qos')`);
    const csv = await again.evaluate<string>(`(async () => {
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => { window.saved = blob; return make.call(URL, blob); };
    const link = document.querySelector('.menu-panel a');
    link.addEventListener('click', (event) => event.preventDefault());
    link.click();
    return window.saved.text();
  })()`);
    expect(csv.split('\r\n')[0]).toStartWith('id,array_task_id,state,raw_state,user,name,');
    expect(csv.split('\r\n')[1]).toStartWith('j0,,running,,alice,train 0,');
    await again.evaluate(`document.querySelector('.menu-panel > button').click()`);
    await again.until(`document.querySelector('thead .col-nodes') && location.search === ''`);
  },
);

testWithBrowser('a phone shows two lines a job and nothing beside the screen', async () => {
  const page = await open('', { width: 380, height: 800 });
  expect(await page.evaluate(`document.querySelector('tr[aria-rowindex="3"]').offsetHeight`)).toBe(44);
  expect(await textOf(page, 'tr[aria-rowindex="3"]')).toMatch(/j1[\s\S]*running[\s\S]*train 1[\s\S]*GPU 0 %/);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(380);
  for (let rows = 0; rows < 9; rows++) await press(page, 'j');
  await press(page, 'o');
  await page.until(`${IS_DRAWN} >= 3`);
  const isAbove = `document.querySelector('[aria-current=true]').getBoundingClientRect().bottom <=
    document.querySelector('.panel').getBoundingClientRect().top + 1`;
  await page.until(isAbove);
  await expectWell(page, server.url);
  await press(page, '/');
  await type(page, 'jx');
  expect(await search(page)).toBe('?open=j8');
});
