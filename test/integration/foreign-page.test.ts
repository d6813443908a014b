import { expect } from 'bun:test';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { testWith } from '../help/tool.ts';

const testWithBrowser = testWith(['chromium']);
const EVIL = 'evil.example.com';

/** Serves an empty page at every path, as the site of somebody else. */
function serveForeignPage() {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () =>
      new Response('<!doctype html><title>x</title><iframe name="sink"></iframe>', {
        headers: { 'content-type': 'text/html' },
      }),
  });
  return {
    url: `http://${EVIL}:${server.port}/`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

const JOB = '{"id":"evil","user":"u","nodes":["n"]}';

/** Every way in which a page can send a request somewhere else; each returns whether it read an answer. */
const ATTACKS = (api: string) => `(async () => {
  const api = ${JSON.stringify(api)};
  const job = ${JSON.stringify(JOB)};
  const reads = [];
  const send = async (path, options) => {
    try {
      const answer = await fetch(api + path, options);
      const text = await answer.text();
      if (text !== '') reads.push([path, options.method, text]);
    } catch {}
  };
  for (const credentials of ['include', 'omit']) {
    await send('/v1/jobs', { method: 'GET', credentials });
    await send('/v1/jobs', { method: 'POST', mode: 'no-cors', body: job, credentials });
    await send('/v1/jobs', { method: 'POST', mode: 'no-cors', body: new Blob([job], { type: 'application/json' }), credentials });
    await send('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: job, credentials });
    await send('/v1/jobs', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: job, credentials });
    await send('/v1/jobs/victim', { method: 'DELETE', credentials });
    await send('/v1/jobs/victim', { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"state":"failed"}', credentials });
    // Neither needs a body of JSON.
    await send('/v1/sessions', { method: 'POST', mode: 'no-cors', credentials });
    await send('/v1/sessions/links', { method: 'POST', mode: 'no-cors', credentials });
  }
  navigator.sendBeacon(api + '/v1/jobs', job);
  navigator.sendBeacon(api + '/v1/sessions/links');
  for (const [path, enctype] of [['/v1/jobs', 'text/plain'], ['/v1/sessions', 'application/x-www-form-urlencoded'], ['/v1/jobs', 'multipart/form-data']]) {
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: api + path, enctype, target: 'sink' });
    const field = document.createElement('input');
    // As text/plain this is sent as one line of JSON.
    Object.assign(field, { name: job.slice(0, -1) + ',"name":"', value: '"}' });
    form.append(field);
    document.body.append(form);
    form.submit();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return reads;
})()`;

testWithBrowser(
  'a foreign page reads and changes nothing, whatever the browser may send for its user',
  async () => {
    await using server = await serve();
    await using foreign = serveForeignPage();
    await using browser = await startBrowser({ names: [EVIL] });
    const create = (id: string) =>
      fetch(`${server.url}/v1/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id, user: 'u', nodes: ['n'] }),
      });
    expect((await create('victim')).status).toBe(201);
    const page = await browser.open(foreign.url);
    expect(await page.evaluate(ATTACKS(server.url))).toEqual([]);
    await Bun.sleep(300);

    const { jobs } = (await (await fetch(`${server.url}/v1/jobs`)).json()) as { jobs: object[] };
    expect(jobs).toEqual([expect.objectContaining({ id: 'victim', state: 'running' })]);
    const audit = (await (await fetch(`${server.url}/v1/audit`)).json()) as { entries: object[] };
    expect(audit.entries).toEqual([]);
    // All of them arrived.
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const refused =
      /hpc_observe_http_request_seconds_count\{method="POST",route="unknown",status="403"\} (\d+)/.exec(
        metrics,
      );
    expect(Number(refused?.[1])).toBeGreaterThan(8);
  },
);

testWithBrowser('the page of the service itself may write', async () => {
  await using server = await serve();
  await using browser = await startBrowser();
  const page = await browser.open(`${server.url}/swagger`);
  const status = await page.evaluate(
    `fetch('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(JOB)} }).then((answer) => answer.status)`,
  );
  expect(status).toBe(201);
});

testWithBrowser('a page of an origin that is named may read and write', async () => {
  await using foreign = serveForeignPage();
  const { origin } = new URL(foreign.url);
  await using server = await serve({ args: ['--cors-origin', origin] });
  await using browser = await startBrowser({ names: [EVIL] });
  const page = await browser.open(foreign.url);
  const [status, total] = await page.evaluate<[number, number]>(`(async () => {
    const headers = { 'content-type': 'application/json' };
    const created = await fetch('${server.url}/v1/jobs', { method: 'POST', headers, body: ${JSON.stringify(JOB)}, credentials: 'include' });
    const list = await fetch('${server.url}/v1/jobs', { credentials: 'include' });
    return [created.status, (await list.json()).total];
  })()`);
  expect([status, total]).toEqual([201, 1]);
});

testWithBrowser('a name that was made to point here shows nothing', async () => {
  await using server = await serve();
  await using browser = await startBrowser({ names: [EVIL] });
  const page = await browser.open(`http://${EVIL}:${new URL(server.url).port}/v1/jobs`);
  expect(await page.evaluate<string>('document.body.textContent')).toContain('misdirected_request');
  expect(await page.evaluate("fetch('/v1/whoami').then((answer) => answer.status)")).toBe(421);
});

/** Source of a function that loads a URL by an element or a call, and returns all that the page notices. */
const LOAD = `async (kind, url) => {
  const byElement = (name, attributes) => new Promise((notice) => {
    const element = Object.assign(document.createElement(name), attributes);
    element.onload = () => notice('load');
    element.onerror = () => notice('error');
    document.body.append(element);
  });
  switch (kind) {
    case 'object': return byElement('object', { data: url });
    case 'prefetch': return byElement('link', { rel: 'prefetch', href: url });
    case 'preload': return byElement('link', { rel: 'preload', as: 'fetch', href: url });
    case 'script': return byElement('script', { src: url });
    case 'style': return byElement('link', { rel: 'stylesheet', href: url });
    case 'image': return byElement('img', { src: url });
    case 'iframe': return byElement('iframe', { src: url });
    case 'fetch': return fetch(url, { credentials: 'include' }).then(({ status }) => status, String);
    case 'opaque': return fetch(url, { mode: 'no-cors' }).then(({ type, status }) => type + status, String);
  }
}`;
const KINDS = ['object', 'prefetch', 'preload', 'script', 'style', 'image', 'iframe', 'fetch', 'opaque'];

testWithBrowser(
  'no element of a foreign page, or of another port of this machine, finds out which jobs there are',
  async () => {
    await using server = await serve();
    await using foreign = serveForeignPage();
    await using browser = await startBrowser({ names: [EVIL] });
    const created = await fetch(`${server.url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'known', user: 'u', nodes: ['n'] }),
    });
    expect(created.status).toBe(201);
    for (const url of [foreign.url, foreign.url.replace(EVIL, '127.0.0.1')]) {
      const page = await browser.open(url);
      for (const kind of KINDS) {
        const notice = (id: string) =>
          page.evaluate<unknown>(`(${LOAD})('${kind}', '${server.url}/v1/jobs/${id}')`);
        expect([url, kind, await notice('known')]).toEqual([url, kind, await notice('missing')]);
      }
    }
  },
);
