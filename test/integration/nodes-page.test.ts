import { afterAll, beforeAll, expect } from 'bun:test';
import type { NodeListAnswer } from '../../src/api/node-list.ts';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { expectWell, type Page, press, textOf } from '../help/page.ts';
import { programs } from '../help/programs.ts';
import { testWith } from '../help/tool.ts';

const testWithBrowser = testWith(['chromium']);
const NODES = 10_000;
const POSTS_AT_ONCE = 100;

/** The nodes n0 to n9999 in two partitions: every hundredth is drained, every hundredth down. */
const SINFO = `columns=$6; separator=\${columns#NodeList:}; separator=\${separator%%,*}
awk -v s="$separator" 'BEGIN { for (i = 0; i < ${NODES}; i++) {
  state = i % 100 == 5 ? "idle+drain" : i % 100 == 7 ? "down" : "mixed"
  printf "n%d%s%s%s%s%s32/32/0/64%s9000%s500%s", i, s, state, s, i < 9000 ? "batch*" : "gpu", s, s, s, s
  printf "%s%sgpu:0%s(null)%s%s%s\\n", i < 9000 ? "(null)" : "gpu:h100:4", s, s, s, i % 100 == 5 ? "bad fan" : "none", s
} }'`;

let tools: ReturnType<typeof programs>;
let server: Awaited<ReturnType<typeof serve>>;
let browser: Awaited<ReturnType<typeof startBrowser>>;

beforeAll(async () => {
  if (!Bun.which('chromium')) return;
  tools = programs({ squeue: 'exit 0', sinfo: SINFO });
  server = await serve({
    env: { HPC_OBSERVE_SLURM: 'on', HPC_OBSERVE_SLURM_BIN: tools.env.PATH, PATH: `${process.env.PATH}` },
  });
  browser = await startBrowser();
  await fill();
  await untilAllAreKnown();
}, 90_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  tools?.[Symbol.dispose]();
});

async function post(path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${server.url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.text()).toBe(true);
}

const BEGIN_MS = Date.now() - 3_600_000;
const at = (second: number) => new Date(BEGIN_MS + 1000 * second).toISOString();
const report = (node: string, busy: number) => ({
  ...{ node, timestamp: new Date().toISOString(), version: '1.0.0', interval_seconds: 15, jobs: 1, cpus: 64 },
  ...{ job_cpus_used: 64 * busy, memory_bytes: 2 ** 30, collectors: [{ name: 'cpu' }] },
});

/** Reports of all nodes, and jobs on n1: one that runs, measured for an hour, and one that failed. */
async function fill(): Promise<void> {
  await post('jobs/batch', {
    jobs: [
      { id: 'now', user: 'alice', name: 'train', nodes: ['n1'], cpus: 16, start_time: at(0) },
      {
        ...{ id: 'before', user: 'bob', nodes: ['n1'], state: 'failed' },
        ...{ start_time: at(-7200), end_time: at(-3600) },
      },
    ],
  });
  const samples = Array.from({ length: 60 }, (_, minute) => ({
    ...{ job_id: 'now', node: 'n1', timestamp: at(60 * minute), cpu_usage: 50, memory_usage_mb: 100 },
  }));
  const gpus = [{ gpu: 'GPU-1', model: 'H100', utilization_percent: 40 }];
  await post('samples', { samples, report: { ...report('n1', 0.5), gpus } });
  for (let from = 0; from < NODES; from += POSTS_AT_ONCE) {
    const numbers = Array.from({ length: POSTS_AT_ONCE }, (_, place) => from + place).filter(
      (one) => one !== 1,
    );
    await Promise.all(
      numbers.map((number) => post('samples', { report: report(`n${number}`, (number % 50) / 50) })),
    );
  }
}

/** The nodes are shared for some seconds: those of before the reports must have gone. */
async function untilAllAreKnown(): Promise<void> {
  for (const endMs = Date.now() + 30_000; Date.now() < endMs; await Bun.sleep(200)) {
    const { nodes } = (await (await fetch(`${server.url}/v1/nodes`)).json()) as NodeListAnswer;
    if (nodes.length === NODES && nodes.every(({ agent }) => agent)) return;
  }
  throw new Error('Not all nodes were known within 30 seconds.');
}

/** What the pixels of the canvas of the grid are. */
const coloursOf = (page: Page) =>
  page.evaluate<number>(`(() => {
    const canvas = document.querySelector('.node-grid canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, 200);
    return new Set(new Uint32Array(data.buffer)).size;
  })()`);
const tileHeight = (page: Page) =>
  page.evaluate<number>(`document.querySelector('.tile-current')?.offsetHeight ?? 0`);

testWithBrowser('10,000 nodes are a grid of tiles, which the keys walk and open', async () => {
  const page = await browser.open(`${server.url}/nodes?group=none`);
  await page.until(`document.querySelector('.node-grid canvas')`);
  expect(await textOf(page, '[role=status]')).toBe('10 000 nodes');
  expect(await textOf(page, '.node-counts')).toContain('100 drained');
  expect(await textOf(page, '.free-gpus')).toMatch(/3 920 of 4 000 h100\s+\(80 blocked\)/);
  expect(await coloursOf(page)).toBeGreaterThan(20);
  await expectWell(page, server.url);

  await page.call('Page.bringToFront');
  await page.evaluate(`document.querySelector('.node-grid').focus()`);
  await press(page, 'Home');
  await page.until(`document.querySelector('.node-card')`);
  expect(await tileHeight(page)).toBe(14);
  await press(page, 'ArrowRight');
  await page.until(`document.querySelector('.node-card').innerText.startsWith('n1 mixed')`);
  expect(await textOf(page, '.node-card')).toMatch(/1 job: now/);
  expect(await textOf(page, '.node-card')).toMatch(/CPUs\s+32 used, 32 given, 64 in all/);
  await press(page, 'Enter');
  await page.until(`location.pathname === '/nodes/n1'`);
});

testWithBrowser('the address says what is shown: groups, fill, filter and the table', async () => {
  const page = await browser.open(`${server.url}/nodes?filter=drained+batch&measure=age`);
  await page.until(`document.querySelector('.node-grid canvas')`);
  expect(await textOf(page, '[role=status]')).toBe('90 of 10 000 nodes');
  await page.evaluate(`document.querySelector('.grid-head button[aria-pressed]').click()`);
  await page.until(`document.querySelector('table.nodes')`);
  expect(await page.evaluate('location.search')).toBe('?filter=drained+batch&measure=age&view=table');
  expect(await textOf(page, '.nodes tbody tr')).toMatch(/^n1005\s+idle\+drain\s+0/);
  expect(await textOf(page, '.nodes tbody tr')).toContain('bad fan.');
  await expectWell(page, server.url);
});

testWithBrowser('a node shows its reason, its use over time, its jobs, its GPUs and its agent', async () => {
  const page = await browser.open(`${server.url}/nodes/n1`);
  await page.until(`document.querySelector('.stack canvas')`);
  const text = await textOf(page);
  expect(text).toMatch(/CPUs\s+used\s+32\s+given\s+32\s+in all\s+64/);
  expect(text).toMatch(/now\s+alice\s+train\s+1 h/);
  expect(text).toMatch(/before\s+bob\s+✕ failed/);
  expect(text).toMatch(/0\s+H100\s+40 %/);
  expect(text).toContain('Version 1.0.0');
  expect(await textOf(page, '.legend')).toBe('now train');
  await expectWell(page, server.url);

  await page.evaluate(
    `[...document.querySelectorAll('.choices button')].find((one) => one.innerText === 'Memory').click()`,
  );
  await page.until(`location.search === '?field=memory_mb'`);
  const drained = await browser.open(`${server.url}/nodes/n105`, { width: 380, height: 800, scheme: 'dark' });
  await drained.until(`document.querySelector('.node-reason')`);
  expect(await textOf(drained, '.node-reason')).toBe('Drained: bad fan');
  expect(await drained.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(380);
  await expectWell(drained, server.url);
});
