import { afterAll, beforeAll, expect } from 'bun:test';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { expectWell as expectWellFrom, type Page, press, textOf, type } from '../help/page.ts';
import { testWith } from '../help/tool.ts';

const testWithBrowser = testWith(['chromium']);
const HOSTILE = '"><img src=x onerror=window.hacked=1><script>window.hacked=1</script>';

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

const post = async (path: string, body: unknown) => {
  const answer = await fetch(`${server.url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.text()).toBe(true);
};

const BEGIN_MS = Date.now() - 3_600_000;
const at = (second: number) => new Date(BEGIN_MS + 1000 * second).toISOString();

/** A hundred and fifty jobs: one holds two GPUs and uses none; one has names that would like to run. */
async function fill(): Promise<void> {
  const past = (id: string, extra: object) => ({
    ...{ id, user: 'alice', nodes: ['n1'], state: 'completed', start_time: at(0), end_time: at(1800) },
    ...extra,
  });
  const jobs = Array.from({ length: 148 }, (_, index) =>
    past(`job-${index}`, { user: index % 2 ? 'bob' : 'alice' }),
  );
  const running = { state: 'running', end_time: undefined, nodes: ['n1', 'n2'], cpus: 64, gpus: 2 };
  await post('jobs/batch', {
    jobs: [
      ...jobs,
      past('idle-gpu', { ...running, memory_limit_mb: 8000, name: 'train', time_limit_seconds: 7200 }),
      past(`evil/${HOSTILE}`, { user: HOSTILE, nodes: [HOSTILE], name: HOSTILE, reason: HOSTILE }),
    ],
  });
  const samples = Array.from({ length: 240 }, (_, index) => ({
    job_id: 'idle-gpu',
    node: index % 2 ? 'n2' : 'n1',
    timestamp: at(15 * (index >> 1)),
    cpu_usage: 80,
    memory_usage_mb: 2000,
    gpu_usage: 0,
  }));
  const report = { node: 'n1', timestamp: at(1), version: '1.0.0', interval_seconds: 15, jobs: 1, cpus: 64 };
  const collectors = [{ name: 'x', message: HOSTILE }];
  await post('samples', { samples, report: { ...report, collectors } });
}

const expectWell = (page: Page) => expectWellFrom(page, server.url);

testWithBrowser('the overview shows what is given and used, and who wastes', async () => {
  // The overview that was made at the start is answered for some seconds, and the job is judged after some.
  const isMade = async () =>
    ((await (await fetch(`${server.url}/v1/overview`)).json()) as { wasting: object[] }).wasting.length > 0;
  while (!(await isMade())) await Bun.sleep(200);
  const page = await browser.open(`${server.url}/`);
  await page.until(`document.querySelector('.amounts')`);
  const text = await textOf(page);
  expect(text).toContain('running\n1');
  expect(text).toMatch(/idle-gpu\s+alice\s+2 GPUs idle now, held for 1 h/);
  await expectWell(page);
});

testWithBrowser('the nodes are listed with what is amiss', async () => {
  const page = await browser.open(`${server.url}/nodes?view=table`);
  await page.until(`document.querySelector('.nodes')`);
  expect(await textOf(page, '[role=status]')).toBe('2 nodes');
  expect(await textOf(page, '.nodes tbody')).toContain(HOSTILE);
  await expectWell(page);
});

testWithBrowser(
  'the list is filtered, paged and opened by the keyboard, and its address says how',
  async () => {
    const page = await browser.open(`${server.url}/jobs`);
    await page.until(`document.querySelector('[role=status]')?.innerText === '150 jobs'`);
    await expectWell(page);

    await press(page, '/');
    await type(page, 'user:bob');
    await press(page, 'Enter');
    await page.until(`document.querySelector('[role=status]')?.innerText === '74 jobs'`);
    expect(await page.evaluate('location.search')).toBe('?filter=user%3Abob');

    await page.evaluate('document.activeElement.blur()');
    await press(page, 'j');
    await press(page, 'Enter');
    await page.until(`document.querySelector('h1')?.innerText.startsWith('job job-')`);
    await page.evaluate('history.back()');
    await page.until(`document.querySelector('[role=status]')?.innerText === '74 jobs'`);
  },
);

testWithBrowser('a filter that is wrong says so', async () => {
  const page = await browser.open(`${server.url}/jobs?filter=owner:x`);
  await page.until(`document.querySelector('.fault')`);
  expect(await textOf(page, '.fault')).toStartWith('There is no filter owner');
});

testWithBrowser('a job shows its verdict, its plots, and finer ones where one drags', async () => {
  const page = await browser.open(`${server.url}/jobs/idle-gpu`);
  await page.until(`document.querySelectorAll('.plot canvas').length === 3`);
  expect(await textOf(page, '.verdict-sentence')).toBe('It held 2 GPUs and used none in 29 min 45 s.');
  await expectWell(page);

  const { x, y, width } = await page.evaluate<{ x: number; y: number; width: number }>(
    `(({ x, y, width }) => ({ x, y, width }))(document.querySelector('.u-over').getBoundingClientRect())`,
  );
  const mouse = (kind: string, at: number) =>
    page.call('Input.dispatchMouseEvent', {
      type: kind,
      x: x + width * at,
      y: y + 40,
      button: 'left',
      buttons: 1,
    });
  await mouse('mousePressed', 0.3);
  await mouse('mouseMoved', 0.4);
  await mouse('mouseMoved', 0.6);
  await mouse('mouseReleased', 0.6);
  await page.until(`location.search.includes('from=')`);
  await page.until(`document.querySelector('.plots-head button')`);
  expect(page.requested.some((url) => url.includes('start_time='))).toBe(true);
});

testWithBrowser.each(['light', 'dark'] as const)('hostile names run nothing, in %s', async (scheme) => {
  const page = await browser.open(`${server.url}/jobs?filter=q`, { scheme });
  await page.evaluate(`history.pushState(null, '', '/jobs/${encodeURIComponent(`evil/${HOSTILE}`)}')`);
  await page.evaluate(`dispatchEvent(new PopStateEvent('popstate'))`);
  await page.until(`document.querySelector('.facts')`);
  expect(await textOf(page)).toContain(HOSTILE);
  await expectWell(page);
});

testWithBrowser('an empty database shows how to get data in', async () => {
  await using empty = await serve();
  const page = await browser.open(`${empty.url}/`);
  await page.until(`document.querySelector('.empty')`);
  expect(await textOf(page)).toContain('hpc-observe slurm check');
  expect(page.complaints).toEqual([]);
});

testWithBrowser('on a narrow screen nothing is wider than the screen', async () => {
  for (const path of ['/', '/jobs', '/jobs/idle-gpu', '/nodes']) {
    const page = await browser.open(`${server.url}${path}`, { width: 380, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(380);
  }
});
