import { afterAll, beforeAll, expect } from 'bun:test';
import { readFileSync } from 'node:fs';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { expectWell, textOf } from '../help/page.ts';
import { testWith } from '../help/tool.ts';

const testWithBrowser = testWith(['chromium']);
const HOSTILE = '"><img src=x onerror=window.hacked=1>';

let server: Awaited<ReturnType<typeof serve>>;
let folder: ReturnType<typeof temporaryFolder>;
let browser: Awaited<ReturnType<typeof startBrowser>>;

beforeAll(async () => {
  if (!Bun.which('chromium')) return;
  folder = temporaryFolder();
  // Jobs that are there at the start are tallied within seconds, later ones within a minute.
  {
    await using first = await serve({ folder: folder.path });
    await fill(first.url);
  }
  server = await serve({ folder: folder.path });
  browser = await startBrowser();
  await waitForTallies();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
});

const hoursAgo = (hours: number) => new Date(Date.now() - 3_600_000 * hours).toISOString();

/** Two ended jobs of alice, one of somebody with a hostile name, and a running one. */
async function fill(url: string): Promise<void> {
  const job = (id: string, hours: number, fields: object) => ({
    ...{ id, user: 'alice', account: 'physics', partition: 'gpu', nodes: ['n1'], cpus: 8, gpus: 2 },
    ...{ state: 'completed', start_time: hoursAgo(hours + 2), end_time: hoursAgo(hours) },
    ...fields,
  });
  const answer = await fetch(`${url}/v1/jobs/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      jobs: [
        job('1', 1, {}),
        job('2', 100, { state: 'failed', raw_state: 'TIMEOUT' }),
        job('3', 1, { user: HOSTILE, account: HOSTILE, partition: HOSTILE, gpus: 0 }),
        job('4', 0, { state: 'running', end_time: null, name: 'train' }),
      ],
    }),
  });
  expect(answer.ok).toBe(true);
  const samples = Array.from({ length: 21 }, (_, index) => ({
    ...{ job_id: '2', timestamp: hoursAgo(102 - index / 10) },
    ...{ cpu_usage: 50, memory_usage_mb: 100, gpu_usage: 0 },
  }));
  const measured = await fetch(`${url}/v1/samples`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ samples }),
  });
  expect(await measured.json()).toMatchObject({ stored: samples.length });
}

async function waitForTallies(): Promise<void> {
  for (const endMs = Date.now() + 90_000; Date.now() < endMs; await Bun.sleep(200)) {
    const { total, sum } = (await (await fetch(`${server.url}/v1/usage`)).json()) as {
      total: number;
      sum: { gpu_hours?: { measured?: number } };
    };
    if (total === 2 && sum.gpu_hours?.measured) return;
  }
  throw new Error('The jobs are not tallied.');
}

testWithBrowser(
  'usage lists who held what, and leads to users, days and partitions',
  async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const page = await browser.open(`${server.url}/usage`, { scheme });
      await page.until(`document.querySelector('.tallies')`);
      const text = await textOf(page);
      expect(text).toMatch(/GPU hours\s+held\s+8 h\s+measured\s+4 h\s+used\s+0 h/);
      expect(text).toMatch(/3 ended\s+completed\s+2\s+failed\s+1\s+out of time\s+1/);
      expect(text).toMatch(/alice\s+2\s+1\s+8\s+0 %\s+32\s+50 %/);
      await expectWell(page, server.url);
      await page.close();
    }
    const page = await browser.open(`${server.url}/usage?by=day&range=24h`, { width: 380 });
    await page.until(`document.querySelector('.tallies')`);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.evaluate(`document.querySelector('.tallies th a').click()`);
    await page.until(`document.querySelector('.tallies thead th').textContent === 'User'`);
    expect(await page.evaluate<string>('location.search')).toMatch(/since=2.*until=2/);
    await page.evaluate('history.back()');
    await page.until(`document.querySelector('.tallies thead th').textContent === 'Day'`);
    await page.close();
  },
  120_000,
);

testWithBrowser(
  'efficiency shows who wasted what, and leads to the jobs behind each bar and finding',
  async () => {
    for (const [width, scheme] of [
      [1400, 'light'],
      [380, 'dark'],
    ] as const) {
      const page = await browser.open(`${server.url}/efficiency`, { width, scheme });
      await page.until(`document.querySelector('.finding-counts') && document.querySelector('.weeks')`);
      const text = await textOf(page);
      expect(text).toContain('4 GPU h wasted, 0 % used');
      expect(text).toMatch(width === 380 ? /physics\s+4\s+100 %\s+0 %/ : /physics\s+4\s+100 %\s+0 %\s+8\s+4/);
      expect(text).toMatch(/Gpu unused\s+others\s+1/i);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await expectWell(page, server.url);
      await page.close();
    }
    const page = await browser.open(`${server.url}/efficiency?by=user&of=cpu_hours&range=7d`);
    const filterOf = (selector: string) =>
      page.evaluate<string>(`new URL(document.querySelector('${selector}').href).searchParams.get('filter')`);
    await page.until(`document.querySelector('.finding-counts')`);
    expect(await textOf(page)).toMatch(/alice\s+8\s+100 %\s+50 %\s+32\s+16/);
    expect(await filterOf('.tallies tbody td a')).toBe(
      'user:alice severity:waste state:completed,failed,cancelled since:7d',
    );
    expect(await filterOf('.finding-counts tbody a')).toMatch(
      /^finding:[\w-]+ severity:harm state:completed,failed,cancelled since:7d$/,
    );
    await page.evaluate(`document.querySelector('.finding-counts a[href*="gpu-unused"]').click()`);
    await page.until(`document.querySelector('.jobs tbody tr')`);
    expect(await page.evaluate(`document.querySelectorAll('.jobs tbody tr').length`)).toBe(1);
    await page.evaluate('history.back()');
    await page.until(`document.querySelector('.weeks li:last-child a')`);
    await page.evaluate(`document.querySelector('nav[aria-label="Rows"] a:last-child').click()`);
    await page.until(`document.querySelector('.tallies thead th').textContent === 'Node'`);
    await page.until(`document.querySelector('.tallies tbody th').textContent === 'n1'`);
    await page.close();
  },
  120_000,
);

testWithBrowser('a user and an account show what they hold, held and used', async () => {
  for (const [path, part] of [
    ['users/alice', 'By account'],
    ['accounts/physics', 'By user'],
    [`users/${encodeURIComponent(HOSTILE)}`, 'By account'],
  ] as const) {
    const page = await browser.open(`${server.url}/${path}`);
    await page.until(`document.querySelector('.tallies')`);
    const text = await textOf(page);
    expect(text).toContain(part);
    if (path === 'users/alice') expect(text).toMatch(/Now 1 running and 0 pending, 8 CPUs, 2 GPUs held\./);
    if (path === 'users/alice') expect(text).toMatch(/Gpu unused\s+others\s+1/i);
    if (path === 'users/alice') expect(text).toMatch(/Running[\s\S]*\n4\s+train\s+2 h/);
    await expectWell(page, server.url);
    await page.close();
  }
  const page = await browser.open(`${server.url}/users/nobody`);
  await page.until(`document.querySelector('.problem')`);
  expect(await textOf(page)).toContain('There is no user named "nobody" with jobs.');
});

testWithBrowser(
  'the card for Open OnDemand shows the jobs of its user through the path of a portal',
  async () => {
    const widget = readFileSync('deploy/ondemand/_hpc_observe.html.erb', 'utf8')
      .replace(/<%#.*%>\n/g, '')
      .replaceAll(/<%= (ERB::Util\.url_encode\()?CurrentUser\.name\)? %>/g, 'alice')
      .replace('<%= javascript_tag nonce: true do %>', '<script>')
      .replace('<% end %>', '</script>');
    expect(widget).not.toContain('<%');
    using portal = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch({ url }) {
        const { pathname } = new URL(url);
        if (pathname.startsWith('/hpc-observe/'))
          return fetch(`${server.url}${pathname.slice('/hpc-observe'.length)}`);
        const isIcon = pathname === '/favicon.ico';
        return isIcon
          ? new Response()
          : new Response(`<!doctype html>${widget}`, { headers: { 'content-type': 'text/html' } });
      },
    });
    const page = await browser.open(`http://127.0.0.1:${portal.port}/`);
    await page.until(`!document.querySelector('#hpc-observe table').hidden`);
    const text = await textOf(page, '#hpc-observe');
    expect(text).toContain('Now 1 running and 0 pending.');
    expect(text).toMatch(/24 hours\s+1\s+0\s+16\s+4/);
    expect(text).toMatch(/7 days\s+2\s+1\s+32\s+50 %\s+8\s+0 %/);
    expect(page.complaints).toEqual([]);
  },
);
