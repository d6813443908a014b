import { gzipSync } from 'node:zlib';
import { writeBigJob } from '../help/big-job.ts';
import { type BrowserPage, startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { jobsFolder } from './data/files.ts';
import { grouped, isAtMost, median, percentile, type Row } from './row.ts';

const MAX_KB = 150;
const MAX_PAINT_MS = 1000;
/** A link of 10 Mbit/s, with the delay of a city. */
const LINK = { offline: false, latency: 20, downloadThroughput: 1_250_000, uploadThroughput: 1_250_000 };

type Browser = Awaited<ReturnType<typeof startBrowser>>;

interface PagesSize {
  readonly jobs: number;
  readonly rounds: number;
}

/** Measures what the pages weigh, and when a browser at the end of a slow link shows something of use. */
export async function measurePages({ jobs, rounds }: PagesSize): Promise<Row[]> {
  if (!Bun.which('chromium')) throw new Error('Chromium is missing: apt-get install chromium.');
  using folder = await jobsFolder({ jobs, running: jobs / 250, pending: jobs / 5000 });
  await using server = await serve({ folder: folder.path });
  const kilobytes = await weighPages(server.url);
  await using browser = await startBrowser();
  const paint = async (path: string, isUseful: string) => {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const page = await browser.open('about:blank');
      times.push(await timePaint(page, `${server.url}${path}`, isUseful));
      await page.close();
    }
    return median(times);
  };
  const overviewMs = await paint('/', `document.querySelector('.amounts')`);
  const listMs = await paint('/jobs', `document.querySelector('.jobs tbody tr')`);
  const frames = await timeScrolling(browser, server.url);
  const row = (page: string, ms: number): Row => ({
    what: `first useful paint over 10 Mbit/s, nothing kept, ${grouped(jobs)} jobs: ${page}`,
    floor: '',
    ours: `${Math.round(ms)} ms`,
    figure: '',
    budget: `at most ${MAX_PAINT_MS} ms`,
    isHeld: isAtMost(ms, MAX_PAINT_MS),
  });
  return [
    {
      what: 'scripts and styles of all pages, gzipped',
      floor: '',
      ours: `${kilobytes.toFixed(1)} kB`,
      figure: '',
      budget: `at most ${MAX_KB} kB`,
      isHeld: isAtMost(kilobytes, MAX_KB),
    },
    row('the overview', overviewMs),
    row('the list', listMs),
    {
      what: '10,000 rows loaded, scrolled by 120 pixels a frame: frames, median and 95 % of 240',
      floor: '',
      ours: `${frames.median.toFixed(1)} and ${frames.most.toFixed(1)} ms`,
      figure: '',
      budget: 'at most 16.7 ms',
      isHeld: isAtMost(Math.floor(10 * frames.median) / 10, 16.7),
    },
    await measureHeatMap(browser),
  ];
}

const LIST_ROWS = 10_000;

/** Loads all rows that a list may have, and returns how long frames take while it is scrolled. */
async function timeScrolling(browser: Browser, url: string): Promise<{ median: number; most: number }> {
  const page = await browser.open(`${url}/jobs`);
  await page.until(`(() => {
    const scroller = document.querySelector('.scroller');
    if (scroller) scroller.scrollTop = scroller.scrollHeight;
    return document.querySelector('.jobs tbody tr:last-child')?.getAttribute('aria-rowindex') === '${LIST_ROWS + 1}';
  })()`);
  const frames = await page.evaluate<number[]>(`(async () => {
    const scroller = document.querySelector('.scroller');
    scroller.scrollTop = 0;
    const frames = [];
    let lastMs = await new Promise(requestAnimationFrame);
    for (let frame = 0; frame < 240; frame++) {
      scroller.scrollTop += 120;
      const nowMs = await new Promise(requestAnimationFrame);
      frames.push(nowMs - lastMs);
      lastMs = nowMs;
    }
    return frames;
  })()`);
  await page.close();
  return { median: median(frames), most: percentile(frames, 0.95) };
}

const HOUR_MS = 3_600_000;
const MAX_DRAW_MS = 10;
const DRAWS = 10;

/** Measures how long the heat map of a job with 1,000 nodes takes to draw. */
async function measureHeatMap(browser: Browser): Promise<Row> {
  using folder = temporaryFolder();
  const lastMs = Date.now() - HOUR_MS;
  const job = { id: 'big', nodes: 1000, firstMs: lastMs - 2 * HOUR_MS, lastMs };
  await writeBigJob(folder.file('hpc-observe.db'), job, { isSealed: true });
  await using server = await serve({ folder: folder.path });
  const times: number[] = [];
  let columns = '';
  for (let draw = 0; draw < DRAWS; draw++) {
    const page = await browser.open(`${server.url}/jobs/big`);
    await page.until(`document.querySelector('[data-draw-ms]')`);
    const [ms, width] = await page.evaluate<[string, string]>(
      `(({ dataset, width }) => [dataset.drawMs, String(width)])(document.querySelector('[data-draw-ms]'))`,
    );
    times.push(Number(ms));
    columns = width;
    await page.close();
  }
  return {
    what: `heat map of 1,000 nodes and ${columns} columns, first draw, median of ${DRAWS}`,
    floor: '',
    ours: `${median(times).toFixed(1)} ms`,
    figure: '',
    budget: `at most ${MAX_DRAW_MS} ms`,
    isHeld: isAtMost(median(times), MAX_DRAW_MS),
  };
}

/** Returns the kilobytes of all that the document loads, gzipped. */
async function weighPages(url: string): Promise<number> {
  const document = await (await fetch(`${url}/`)).text();
  const files = [...document.matchAll(/"(web\/[^"]+)"/g)].map(([, path]) => path!);
  let bytes = 0;
  for (const path of files) {
    bytes += gzipSync(await (await fetch(`${url}/${path}`)).bytes()).length;
  }
  return bytes / 1000;
}

/** Returns the milliseconds from the start of a load to the first frame in which an expression is true. */
async function timePaint(page: BrowserPage, url: string, isUseful: string): Promise<number> {
  await page.call('Network.setCacheDisabled', { cacheDisabled: true });
  await page.call('Network.emulateNetworkConditions', LINK);
  await page.call('Page.addScriptToEvaluateOnNewDocument', {
    source: `(function look() {
      if (document.documentElement && ${isUseful}) window.usefulMs = performance.now();
      else requestAnimationFrame(look);
    })()`,
  });
  await page.call('Page.navigate', { url });
  await page.until('window.usefulMs');
  return page.evaluate<number>('window.usefulMs');
}
