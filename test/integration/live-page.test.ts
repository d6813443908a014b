import { afterAll, beforeAll, expect } from 'bun:test';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { expectWell, type Page, press, textOf } from '../help/page.ts';
import { freePorts } from '../help/port.ts';
import { testWith } from '../help/tool.ts';

const testWithBrowser = testWith(['chromium']);
const folder = temporaryFolder();

let port: number;
let server: Awaited<ReturnType<typeof serve>>;
let browser: Awaited<ReturnType<typeof startBrowser>>;

/** The service, which believes the header of a user, always in the same place. */
const start = () =>
  serve({
    folder: folder.path,
    args: [
      ...['--listen', `127.0.0.1:${port}`, '--trusted-proxy', '127.0.0.1'],
      ...['--admins', 'root', '--visibility', 'own'],
    ],
  });

beforeAll(async () => {
  if (!Bun.which('chromium')) return;
  port = (await freePorts(1))[0]!;
  server = await start();
  browser = await startBrowser();
  for (const [id, user] of [
    ['first', 'alice'],
    ['foreign', 'bob'],
  ])
    await send('POST', 'jobs', { id, user, nodes: ['n1'], cpus: 8 });
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function send(method: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${server.url}/v1/${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'x-remote-user': 'root' },
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.text()).toBe(true);
}

/** Opens a page as somebody, and waits until it hears of changes. */
async function open(path: string, user = 'root'): Promise<Page> {
  const page = await browser.open('about:blank');
  await page.call('Network.setExtraHTTPHeaders', { headers: { 'X-Remote-User': user } });
  await page.call('Page.navigate', { url: `${server.url}${path}` });
  await page.until(`document.querySelector('.live-live')`);
  await page.quiet();
  return page;
}

/** Returns how long an expression in the page takes to become true, in milliseconds. */
async function timeUntil(page: Page, expression: string): Promise<number> {
  const startedMs = Date.now();
  await page.until(expression);
  return Date.now() - startedMs;
}

const countOf = (page: Page, path: string) =>
  page.requested.filter((url) => new URL(url).pathname === path).length;
const newsOf = `document.querySelector('.news')?.innerText`;

testWithBrowser('a new job is announced in an open list, and a job that ends shows it', async () => {
  const list = await open('/jobs');
  await Bun.sleep(4500);
  await send('POST', 'jobs', { id: 'second', user: 'alice', nodes: ['n1'] });
  expect(await timeUntil(list, `${newsOf} === '1 new, show'`)).toBeLessThan(5000);
  await list.evaluate(`document.querySelector('.news').click()`);
  await list.until(`document.querySelector('.jobs tbody').innerText.includes('second')`);
  await expectWell(list, server.url);
  const job = await open('/jobs/first');
  await send('PATCH', 'jobs/first', { state: 'completed' });
  expect(await timeUntil(job, `document.querySelector('.title .state-completed')`)).toBeLessThan(8000);
  await expectWell(job, server.url);
});

testWithBrowser('a page without changes asks for nothing, and a hidden one follows nothing', async () => {
  const page = await open('/jobs');
  await Bun.sleep(11_000);
  const before = countOf(page, '/v1/jobs');
  await Bun.sleep(11_000);
  expect([countOf(page, '/v1/jobs') - before, countOf(page, '/v1/live')]).toEqual([0, 1]);
  // Another tab in front of it hides it.
  const other = await browser.open('about:blank');
  await other.call('Page.bringToFront');
  await page.until(`document.hidden`);
  await send('POST', 'jobs', { id: 'hidden', user: 'alice', nodes: ['n1'] });
  await Bun.sleep(2500);
  expect(countOf(page, '/v1/jobs') - before).toBe(0);
  await page.call('Page.bringToFront');
  await page.until(`${newsOf} === '1 new, show'`);
  expect(countOf(page, '/v1/live')).toBe(2);
});

testWithBrowser('a held page does not change until it goes on', async () => {
  const page = await open('/jobs');
  await press(page, 'p');
  await page.until(`document.querySelector('.live').innerText === '‖ paused'`);
  await send('POST', 'jobs', { id: 'held', user: 'alice', nodes: ['n1'] });
  await Bun.sleep(2500);
  expect(await page.evaluate(newsOf)).toBeUndefined();
  await page.evaluate(`document.querySelector('.live').click()`);
  await page.until(`${newsOf} === '1 new, show'`);
  await expectWell(page, server.url);
});

testWithBrowser('a page says that the service is gone, and mends itself when it is back', async () => {
  const page = await open('/jobs');
  await server.stop('SIGKILL');
  await page.until(
    `/no connection since \\d\\d:\\d\\d:\\d\\d/.test(document.querySelector('.live').innerText)`,
  );
  server = await start();
  await send('POST', 'jobs', { id: 'meanwhile', user: 'alice', nodes: ['n1'] });
  expect(await timeUntil(page, `document.querySelector('.live-live')`)).toBeLessThan(10_000);
  await page.until(`${newsOf} === '1 new, show'`);
});

testWithBrowser('the keys lead from the overview to a job and back, and a dialog lists them', async () => {
  const page = await open('/');
  await press(page, '?');
  await page.until(`document.querySelector('dialog').open`);
  expect(await textOf(page, 'dialog')).toMatch(/g\s*j\s+goes to Jobs/);
  await expectWell(page, server.url);
  await press(page, 'g');
  await press(page, 'j');
  expect(await page.evaluate('location.pathname')).toBe('/');
  await press(page, 'Escape');
  await page.until(`!document.querySelector('dialog').open`);

  await press(page, 'g');
  await press(page, 'j');
  await page.until(`document.querySelector('.jobs tbody tr')`);
  expect(await page.evaluate('document.activeElement.id')).toBe('main');
  await page.until(
    `document.querySelector('body > #app > [role=status]').innerText === 'Jobs · hpc-observe'`,
  );
  await press(page, '?');
  expect(await textOf(page, 'dialog')).toContain('goes to the filter');
  await press(page, 'Escape');
  await press(page, 'j');
  await press(page, 'Enter');
  await page.until(`document.querySelector('h1')?.innerText.startsWith('job ')`);
  await press(page, 'y');
  await page.until(`document.querySelector('.announcement')?.innerText === 'Address copied'`);
  await press(page, 'g');
  await press(page, 'o');
  await page.until(`document.querySelector('.amounts')`);
  expect(await page.evaluate('location.pathname')).toBe('/');
});

testWithBrowser("another user's job is not found, and its changes are not told", async () => {
  const page = await open('/jobs/foreign', 'alice');
  await page.until(`document.querySelector('.problem')`);
  expect(await textOf(page)).toBe('This cannot be shown. There is no job with the id "foreign".');
  const list = await open('/jobs', 'alice');
  await list.until(`document.querySelector('.jobs tbody tr')`);
  const before = countOf(list, '/v1/jobs');
  await send('PATCH', 'jobs/foreign', { state: 'failed' });
  await send('POST', 'jobs', { id: 'foreign-2', user: 'bob', nodes: ['n1'] });
  await Bun.sleep(3000);
  expect(countOf(list, '/v1/jobs') - before).toBe(0);
  await send('POST', 'jobs', { id: 'own-2', user: 'alice', nodes: ['n1'] });
  await list.until(`${newsOf} === '1 new, show'`);
  expect(await textOf(list)).not.toContain('foreign');
});

testWithBrowser(
  'a portal that the setting names shows the pages in a frame, and no other page does',
  async () => {
    using portal = serveFrame();
    using other = serveFrame();
    const args = ['--frame-ancestors', `http://127.0.0.1:${portal.port}`];
    await using framed = await serve({ args });
    const urlIn = async (outer: number) => {
      const page = await browser.open(`http://127.0.0.1:${outer}/?${framed.url}/jobs`);
      const { frameTree } = await page.call<FrameTree>('Page.getFrameTree');
      return frameTree.childFrames![0]!.frame.url;
    };
    expect(await urlIn(portal.port!)).toBe(`${framed.url}/jobs`);
    expect(await urlIn(other.port!)).toStartWith('chrome-error:');
  },
);

interface FrameTree {
  readonly frameTree: {
    readonly childFrames?: readonly { readonly frame: { readonly url: string } }[];
  };
}

/** Serves a page that shows the address after its question mark in a frame. */
function serveFrame() {
  return Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) =>
      new Response(`<!doctype html><title>x</title><iframe src="${new URL(url).search.slice(1)}"></iframe>`, {
        headers: { 'content-type': 'text/html' },
      }),
  });
}
