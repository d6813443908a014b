import { afterAll, beforeAll, expect } from 'bun:test';
import { startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { fillMeasuredJobs } from '../help/measured-jobs.ts';
import { expectWell, type Page, press, textOf } from '../help/page.ts';
import { testWith } from '../help/tool.ts';

const testWithBrowser = testWith(['chromium']);

let server: Awaited<ReturnType<typeof serve>>;
let browser: Awaited<ReturnType<typeof startBrowser>>;

beforeAll(async () => {
  if (!Bun.which('chromium')) return;
  server = await serve();
  await fillMeasuredJobs(server.url);
  browser = await startBrowser();
}, 60_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const boxOf = (page: Page, selector: string): Promise<Box> =>
  page.evaluate<Box>(
    `(({ x, y, width, height }) => ({ x, y, width, height }))
     ((document.querySelector('${selector}').scrollIntoView({ block: 'center' }), document.querySelector('${selector}').getBoundingClientRect()))`,
  );

const mouse = (page: Page, type: string, x: number, y: number) =>
  page.call('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });

const searchOf = (page: Page) => page.evaluate<string>('location.search');
const CANVAS = '.heat-frame canvas';

/** The colours of some pixels of the heat map (red, green, blue, opacity), read at once. */
const pixelsAt = (page: Page, spots: readonly (readonly [column: number, row: number])[]) =>
  page.evaluate<number[][]>(
    `(({ data, width }) => ${JSON.stringify(spots)}.map(([column, row]) =>
      [...data.slice(4 * (row * width + column), 4 * (row * width + column) + 4)]))
     (((canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height))
       (document.querySelector('${CANVAS}')))`,
  );

testWithBrowser(
  'a job of 40 nodes has a heat map: a row a node, gaps transparent, a click for a line',
  async () => {
    const page = await browser.open(`${server.url}/jobs/wide`);
    await page.until(`document.querySelector('${CANVAS}')?.dataset.drawMs`);
    const [width, height] = await page.evaluate<number[]>(
      `[document.querySelector('${CANVAS}').width, document.querySelector('${CANVAS}').height]`,
    );
    expect(height).toBe(40);
    expect(width).toBe(119);
    // The busiest was silent in the second half hour; the idlest is dark from end to end.
    const [known, gap, idle] = await pixelsAt(page, [
      [5, 0],
      [44, 0],
      [44, 39],
    ]);
    expect([known![3], gap![3]]).toEqual([255, 0]);
    expect(idle).toEqual([0, 34, 80, 255]);

    const box = await boxOf(page, CANVAS);
    await mouse(page, 'mouseMoved', box.x + box.width / 3, box.y + 3);
    await page.until(`document.querySelector('.heat-readout').innerText.includes('n07')`);
    expect(await textOf(page, '.heat-readout')).toMatch(/^n07 · .* · not measured, mean 73 %$/);
    await mouse(page, 'mousePressed', box.x + 20, box.y + box.height - 3);
    await mouse(page, 'mouseReleased', box.x + 20, box.y + box.height - 3);
    await page.until(`document.querySelector('.plots-head')?.innerText.includes('Only n40')`);
    expect(await searchOf(page)).toBe('?node=n40');

    await page.evaluate(`document.querySelector('${CANVAS}').focus()`);
    await press(page, 'ArrowDown');
    await press(page, 'Enter');
    await page.until(`location.search !== '?node=n40'`);
    expect(await searchOf(page)).toMatch(/^\?node=n\d\d$/);
    await page.evaluate(`history.back()`);
    await page.until(`location.search === '?node=n40'`);
    await expectWell(page, server.url);
    await page.close();
  },
);

testWithBrowser('another measure of the map is in the address', async () => {
  const page = await browser.open(`${server.url}/jobs/wide?map=memory_usage_mb`);
  await page.until(`document.querySelector('${CANVAS}')?.dataset.drawMs`);
  expect(await textOf(page, '.heat')).toContain('Memory of each node');
  expect(page.requested.filter((url) => url.includes('/heatmap?field=memory_usage_mb'))).toHaveLength(1);
  await page.close();
});

testWithBrowser(
  'a time that no node measured is hatched in all plots, and zooming reads it finer',
  async () => {
    const page = await browser.open(`${server.url}/jobs/gpu`);
    await page.until(`document.querySelectorAll('.plot').length >= 6`);
    const gaps = () =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll('.plot [data-gaps]')].map((one) => one.dataset.gaps)`,
      );
    expect(new Set(await gaps())).toEqual(new Set(['1']));
    const text = await textOf(page);
    for (const title of [
      'Use of each GPU',
      'Memory of each GPU',
      'Power of each GPU',
      'Disks, read and written',
    ])
      expect(text).toContain(title);
    expect(text).toMatch(/Imbalance: CPU 0\.2 %, memory 9\.\d %/);

    const over = await boxOf(page, '.plot .u-over');
    const y = over.y + over.height / 2;
    await mouse(page, 'mousePressed', over.x + over.width * 0.7, y);
    await mouse(page, 'mouseMoved', over.x + over.width * 0.9, y);
    await mouse(page, 'mouseReleased', over.x + over.width * 0.9, y);
    await page.until(`location.search.includes('from=')`);
    await page.until(`document.querySelector('.plots-head')?.innerText.includes('Show the whole run')`);
    await page.until(
      `[...document.querySelectorAll('.plot [data-gaps]')].every((one) => one.dataset.gaps === '0')`,
    );
    const reads = page.requested.filter((url) => url.includes('start_time='));
    expect(reads.length).toBeGreaterThan(0);
    await page.evaluate(
      `document.querySelector('.plot > div').dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))`,
    );
    await page.until(`location.search === ''`);
    await page.close();
  },
);

testWithBrowser('what is folded is read when it is opened: completeness, neighbours, numbers', async () => {
  const page = await browser.open(`${server.url}/jobs/gpu`);
  await page.until(`document.querySelectorAll('.folds details').length >= 2`);
  expect(page.requested.some((url) => url.includes('/quality'))).toBe(false);
  await page.evaluate(`document.querySelectorAll('.folds summary').forEach((one) => one.click())`);
  await page.until(`document.querySelector('.folds').innerText.includes('expected samples')`);
  const text = await textOf(page, '.folds');
  expect(text).toContain('402 of 480 expected samples were received (84 %), one in 15 s from each node.');
  expect(text).toContain('All nodes were silent');
  await page.evaluate(`document.querySelector('.numbers summary').click()`);
  await page.until(`document.querySelector('.numbers table')`);
  expect(await textOf(page, '.numbers')).toMatch(/g1\s+20 %\s+4\d %\s+60 %/);
  await expectWell(page, server.url);
  await page.close();

  const other = await browser.open(`${server.url}/jobs/wide`);
  await other.evaluate(`[...document.querySelectorAll('.folds summary')].at(-1).click()`);
  await other.until(`document.querySelector('.folds table')`);
  expect(await textOf(other, '.folds table')).toMatch(/4712\s.*carol[\s\S]*one\s.*bob/);
  await other.close();
});

testWithBrowser('a waiting job says why in words, and a task leads to its array', async () => {
  const page = await browser.open(`${server.url}/jobs/4800`);
  await page.until(`document.querySelector('.life')?.innerText.includes('Slurm calls it')`);
  expect(await textOf(page, '.life')).toContain(
    'The jobs of its user in its QOS hold all the CPUs that they may.',
  );
  await page.close();
  const task = await browser.open(`${server.url}/jobs/4712`);
  expect(
    await task.evaluate(`[...document.querySelectorAll('.title a')].map((one) => one.pathname)`),
  ).toEqual(['/users/carol', '/arrays/4711']);
  await task.close();
});

testWithBrowser('a job prints as one page of A4', async () => {
  for (const id of ['wide', 'gpu', 'one']) {
    const page = await browser.open(`${server.url}/jobs/${id}`, { scheme: 'dark' });
    await page.until(`document.querySelectorAll('.plot').length >= 2`);
    const { data } = await page.call<{ data: string }>('Page.printToPDF', {
      preferCSSPageSize: true,
      printBackground: true,
    });
    const pdf = Buffer.from(data, 'base64').toString('latin1');
    expect([id, pdf.match(/\/Type\s*\/Page[^s]/g)?.length]).toEqual([id, 1]);
    await page.close();
  }
});

for (const scheme of ['light', 'dark'] as const) {
  testWithBrowser(`a job is well in ${scheme}, wide and narrow`, async () => {
    for (const [id, width] of [
      ['wide', 1400],
      ['gpu', 1400],
      ['one', 380],
      ['wide', 380],
    ] as const) {
      const page = await browser.open(`${server.url}/jobs/${id}`, { scheme, width });
      await page.until(`document.querySelectorAll('.plot').length >= 2`);
      expect([id, width, await page.evaluate('document.documentElement.scrollWidth <= innerWidth')]).toEqual([
        id,
        width,
        true,
      ]);
      await expectWell(page, server.url);
      await page.close();
    }
  });
}
