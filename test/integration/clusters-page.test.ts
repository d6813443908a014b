import { expect } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { expectWell, textOf } from '../help/page.ts';
import { testWith } from '../help/tool.ts';

const HEADERS = { 'content-type': 'application/json' };
const HOSTILE = '"><img src=x onerror=window.hacked=1>';

async function post(url: string, path: string, body: unknown) {
  const answer = await fetch(url + path, { method: 'POST', headers: HEADERS, body: JSON.stringify(body) });
  expect(answer.ok).toBe(true);
  return answer;
}

testWith(['chromium'])(
  'the page of clusters shows jobs of all, pages through them, and names who is away',
  async () => {
    using folder = temporaryFolder();
    await using beta = await serve({ args: ['--cluster', 'beta', '--viewers', 'root'] });
    const answer = await post(beta.url, '/v1/tokens', { name: 'alpha', role: 'viewer' });
    const { token } = (await answer.json()) as { token: string };
    writeFileSync(folder.file('tokens'), `beta ${token}\ngamma none\n`);
    await using alpha = await serve({
      folder: folder.path,
      args: [
        ...['--cluster', 'alpha', '--peer-tokens-file', 'tokens'],
        ...['--peer', `beta=${beta.url},gamma=http://127.0.0.1:1`],
      ],
    });
    const fill = (url: string, prefix: string, count: number) =>
      post(url, '/v1/jobs/batch', {
        jobs: Array.from({ length: count }, (_, at) => ({
          ...{ id: `${prefix}${at}`, user: HOSTILE, name: HOSTILE, nodes: ['n1'], state: 'running', cpus: 8 },
          start_time: new Date(Date.now() - 60_000 * (at + 1)).toISOString(),
        })),
      });
    await fill(alpha.url, 'a', 80);
    await fill(beta.url, 'b', 90);
    await using browser = await startBrowser();

    for (const scheme of ['light', 'dark'] as const) {
      const page = await browser.open(`${alpha.url}/clusters`, { scheme });
      await page.until(`document.querySelectorAll('tbody tr').length === 103`);
      expect(await textOf(page)).toMatch(
        /gamma does not answer\. Its jobs are missing[\s\S]*100 of 170 jobs/,
      );
      await expectWell(page, alpha.url);
      await page.close();
    }
    const page = await browser.open(`${alpha.url}/clusters`, { width: 380 });
    await page.until(`document.querySelectorAll('tbody tr').length === 103`);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.evaluate(
      `[...document.querySelectorAll('button')].find((one) => one.textContent === 'Show more').click()`,
    );
    await page.until(`document.querySelectorAll('tbody tr').length === 173`);
    const links = `[...document.querySelectorAll('tbody td a')].map((link) => link.href)`;
    expect(await page.evaluate<string[]>(links)).toContain(`${beta.url}/jobs/b89`);
    await page.evaluate(`[...document.querySelectorAll('tbody th a.soft')][1].click()`);
    await page.until(`document.querySelectorAll('tbody tr').length === 93`);
    expect(await page.evaluate<string>('decodeURIComponent(location.search)')).toBe('?filter=cluster:beta');
  },
);
