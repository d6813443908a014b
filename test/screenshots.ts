import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { $ } from 'bun';
import { startBrowser } from './help/browser.ts';
import { DEMO_PAGES, type DemoPage, findDemo } from './help/demo-pages.ts';
import { serve } from './help/executable.ts';

const HELP = `Takes a screenshot of every page of the demonstration: wide and narrow, in light and in dark.

  bun run screenshots                into screenshots/, to be looked at
  bun run screenshots --only job     only pages whose name contains it
  bun run screenshots --readme       only the six of the README, into docs/screenshots/`;

const SIZES = [
  { name: 'wide', width: 1400, height: 900 },
  { name: 'narrow', width: 380, height: 800 },
] as const;
const SCHEMES = ['light', 'dark'] as const;
/** The plots are drawn and animations have ended. */
const SETTLE_MS = 500;
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    readme: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

await $`bun build.ts`;
await using server = await serve({ args: ['--demo'] });
await using browser = await startBrowser();
const found = await findDemo(server.url);
const folder = options.readme ? 'docs/screenshots' : 'screenshots';
mkdirSync(folder, { recursive: true });
const wanted = DEMO_PAGES.filter(({ name, isInReadme }) =>
  options.readme ? isInReadme : name.includes(options.only),
);
for (const shot of wanted) {
  for (const size of options.readme ? SIZES.slice(0, 1) : SIZES) {
    for (const scheme of options.readme ? SCHEMES.slice(0, 1) : SCHEMES) await take(shot, size, scheme);
  }
}

async function take(
  { name, path, isReady }: DemoPage,
  size: (typeof SIZES)[number],
  scheme: (typeof SCHEMES)[number],
): Promise<void> {
  const page = await browser.open(`${server.url}${path(found)}`, { ...size, scheme });
  await page.until(isReady).catch((error) => {
    console.error(`${name}: ${error.message}`);
    process.exitCode = 1;
  });
  await Bun.sleep(SETTLE_MS);
  const file = join(folder, options.readme ? `${name}.png` : `${name}-${size.name}-${scheme}.png`);
  writeFileSync(file, await page.screenshot({ isWhole: !options.readme }));
  console.log(page.complaints.length > 0 ? `${file}: ${page.complaints.join('; ')}` : file);
  await page.close();
}
