import { gzipSync } from 'node:zlib';
import { type BrowserPage, startBrowser } from '../help/browser.ts';
import { serve } from '../help/executable.ts';
import { jobsFolder } from './data/files.ts';
import { grouped, isAtMost, median, type Row } from './row.ts';

const MAX_KB = 150;
const MAX_PAINT_MS = 1000;
/** A link of 10 Mbit/s, with the delay of a city. */
const LINK = { offline: false, latency: 20, downloadThroughput: 1_250_000, uploadThroughput: 1_250_000 };

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
  ];
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
