import { afterAll, beforeAll, expect } from 'bun:test';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { expectWell, press, textOf } from '../help/page.ts';
import { testWith } from '../help/tool.ts';

const testWithBrowser = testWith(['chromium']);
const HOSTILE = '"><img src=x onerror=window.hacked=1>';
const ARRAY = `sweep/${HOSTILE}`;
const TASKS = 60;

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

const minutesAgo = (minutes: number) => new Date(Date.now() - 60_000 * minutes).toISOString();

async function post(path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${server.url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.text()).toBe(true);
}

/** An array of 60 tasks: the third failed, the last runs, and each took a minute more than the one before. */
async function fill(): Promise<void> {
  const tasks = Array.from({ length: TASKS }, (_, task) => {
    const state = task === 2 ? 'failed' : task === TASKS - 1 ? 'running' : 'completed';
    return {
      ...{ id: `task-${task}`, user: 'alice', nodes: ['n1'], state, name: HOSTILE, memory_limit_mb: 1000 },
      ...{ array_job_id: ARRAY, array_task_id: task, start_time: minutesAgo(100) },
      ...(state !== 'running' && { end_time: minutesAgo(90 - task) }),
    };
  });
  await post('jobs/batch', { jobs: tasks });
  const samples = tasks.map(({ id }, task) => ({
    ...{ job_id: id, node: 'n1', timestamp: minutesAgo(95), cpu_usage: task, memory_usage_mb: 10 * task },
  }));
  await post('samples', { samples });
}

testWithBrowser('an array shows its tasks as one, those that stand out, and leads to each', async () => {
  const address = `${server.url}/arrays/${encodeURIComponent(ARRAY)}`;
  for (const scheme of ['light', 'dark'] as const) {
    const page = await browser.open(address, { scheme });
    await page.until(`document.querySelector('.task-grid canvas')?.width > 0`);
    const text = await textOf(page);
    expect(text).toMatch(/58 ✓ completed\s+1 ✕ failed\s+1 ▶ running/);
    expect(text).toMatch(/Slowest\s+Task[^\n]*\n\s*59\s+task-59/);
    expect(text).toMatch(/Least CPU\s+Task[^\n]*\n\s*0\s+task-0/);
    await expectWell(page, server.url);
    await page.close();
  }
  const page = await browser.open(`${address}?by=cpu`, { width: 380 });
  await page.until(`document.querySelector('.task-grid canvas')?.width > 0`);
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  expect(await page.evaluate<string>(`document.querySelector('.task-fill select').value`)).toBe('cpu');
  await page.evaluate(`document.querySelector('.task-grid').focus()`);
  await press(page, 'ArrowRight');
  await press(page, 'ArrowRight');
  await page.until(`document.querySelector('.task-card')?.innerText.includes('task 2 ✕ failed')`);
  await press(page, 'Enter');
  await page.until(`location.pathname === '/jobs/task-2'`);
});
