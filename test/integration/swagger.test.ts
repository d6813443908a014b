import { expect } from 'bun:test';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { testWith } from '../help/tool.ts';

const testWithBrowser = testWith(['chromium']);

const OPERATIONS = [
  'GET /metrics',
  'GET /v1/health',
  'GET /v1/jobs',
  'POST /v1/jobs',
  'DELETE /v1/jobs/{jobId}',
  'GET /v1/jobs/{jobId}',
  'PATCH /v1/jobs/{jobId}',
  'GET /v1/jobs/{jobId}/metrics',
  'POST /v1/jobs/{jobId}/metrics',
];
const SHOWN_OPERATIONS = `[...document.querySelectorAll('.opblock')].map((block) =>
  block.querySelector('.opblock-summary-method').textContent + ' ' +
  block.querySelector('.opblock-summary-path').textContent.replaceAll('\\u200b', ''))`;

testWithBrowser('the documentation page shows every operation and loads only from this server', async () => {
  await using server = await serve();
  await using browser = await startBrowser();
  const page = await browser.open(`${server.url}/swagger`);

  const shown = await page.evaluate<string[]>(SHOWN_OPERATIONS);
  expect(shown).toEqual(expect.arrayContaining(OPERATIONS));
  expect(await page.evaluate('document.querySelector(".info .title").textContent')).toContain('hpc-observe');
  expect(await page.evaluate('document.querySelector(".errors-wrapper")')).toBeNull();

  await page.evaluate(
    `document.querySelectorAll('.opblock-summary-control').forEach((button) => button.click())`,
  );
  await page.until(`document.querySelectorAll('.opblock.is-open').length === ${shown.length}`);
  const urls = await page.evaluate<string[]>(
    `[...document.querySelectorAll('[src], [href]')].map((element) => element.src?.baseVal ?? element.src ?? element.href?.baseVal ?? element.href)`,
  );
  expect(urls.length).toBeGreaterThan(shown.length);
  for (const url of [...urls, ...page.requested])
    expect(url).toMatch(new RegExp(`^(${server.url}/|data:|#)`));
  expect(page.requested).toContain(`${server.url}/swagger/json`);
  expect(page.complaints).toEqual([]);
});

testWithBrowser('Execute on the documentation page sends the request and shows the answer', async () => {
  await using server = await serve();
  await using browser = await startBrowser();
  const page = await browser.open(`${server.url}/swagger#/Service/getHealth`);
  const press = async (selector: string) => {
    await page.until(`document.querySelector('.opblock.is-open ${selector}')`);
    await page.evaluate(`document.querySelector('.opblock.is-open ${selector}').click()`);
  };
  await press('.try-out__btn');
  await press('.execute');
  const answer = '.live-responses-table tbody .response';
  await page.until(`document.querySelector('${answer}')`);
  const text = await page.evaluate<string>(`document.querySelector('${answer}').textContent`);
  expect(text).toMatch(/^200/);
  expect(text).toContain('healthy');
  expect(page.requested).toContain(`${server.url}/v1/health`);
});

testWithBrowser('the HTML of the documentation page names no other host', async () => {
  await using server = await serve();
  const page = await fetch(`${server.url}/swagger`);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const text = await page.text();
  const targets = [...text.matchAll(/(?:src|href|action)\s*=\s*["']?([^"'\s>]+)/gi)].map(
    ([, target]) => target!,
  );
  expect(targets.length).toBeGreaterThan(1);
  for (const target of targets) expect(target).toMatch(/^(\/(?!\/)|data:)/);
  expect(text).not.toMatch(/https?:|@import|url\(/i);
});

testWithBrowser('the documentation page is readable in light and dark mode, wide and narrow', async () => {
  await using server = await serve();
  await using browser = await startBrowser();
  for (const scheme of ['light', 'dark'] as const) {
    for (const width of [1400, 420]) {
      const where = `${scheme}, ${width} wide`;
      const page = await browser.open(`${server.url}/swagger`, { width, scheme });
      expect((await page.measure('body')).luminance > 0.5, where).toBe(scheme === 'light');
      for (const part of ['.info .title', '.info .description', '.opblock-tag', '.opblock-summary-path']) {
        expect((await page.measure(part)).contrast, `${part}, ${where}`).toBeGreaterThan(4.5);
      }
      const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate<number>(overflow), where).toBe(0);
    }
  }
});
