import { afterAll, beforeAll, expect } from 'bun:test';
import { startBrowser } from '../help/browser.ts';
import { DEMO_PAGES, findDemo } from '../help/demo-pages.ts';
import { serve } from '../help/executable.ts';
import { expectWell, textOf } from '../help/page.ts';
import { hasPostgres, type PostgresServer, startPostgres } from '../help/postgres.ts';
import { testWith } from '../help/tool.ts';

// Every page of the demonstration, read from PostgreSQL.

const testWithBrowser = testWith(['chromium']);
const isWhole = hasPostgres() && Bun.which('chromium') !== null;
let postgres: PostgresServer;
let server: Awaited<ReturnType<typeof serve>>;
let browser: Awaited<ReturnType<typeof startBrowser>>;
let found: Awaited<ReturnType<typeof findDemo>>;

beforeAll(async () => {
  if (!isWhole) return;
  postgres = await startPostgres();
  server = await serve({ args: ['--demo', '--database', postgres.address] });
  [found, browser] = await Promise.all([findDemo(server.url), startBrowser()]);
}, 200_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

for (const { name, path, isReady } of DEMO_PAGES)
  testWithBrowser(`the page ${name} shows what the database has`, async () => {
    if (!isWhole) return;
    const page = await browser.open(`${server.url}${path(found)}`);
    // The first jobs are tallied a minute after the start.
    await page.until(isReady, 120_000);
    await expectWell(page, server.url);
    expect(await textOf(page)).not.toMatch(/cannot be read|went wrong|Try again later/);
    await page.close();
  });

testWithBrowser('no read failed', async () => {
  if (!isWhole) return;
  expect(server.errors()).not.toMatch(/"level":"(warn|error)"/);
});
