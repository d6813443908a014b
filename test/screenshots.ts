import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { $ } from 'bun';
import { startBrowser } from './help/browser.ts';
import { serve } from './help/executable.ts';

const HELP = `Takes a screenshot of every page of the demonstration: wide and narrow, in light and in dark.

  bun run screenshots                into screenshots/, to be looked at
  bun run screenshots --only job     only pages whose name contains it
  bun run screenshots --readme       only the six of the README, into docs/screenshots/`;

/** What is left of the values of the page's address: the first that the API has. */
interface Found {
  readonly gpuJob: string;
  readonly manyNodesJob: string;
  readonly array: string;
  readonly node: string;
  readonly user: string;
  readonly account: string;
}

interface Shot {
  readonly name: string;
  readonly path: (found: Found) => string;
  /** True in the page once it shows what the picture is of. */
  readonly isReady: string;
  /** The README has this one. */
  readonly isInReadme?: boolean;
}

const SHOTS: readonly Shot[] = [
  { name: 'overview', path: () => '/', isReady: `document.querySelector('.amounts')`, isInReadme: true },
  {
    name: 'jobs',
    path: () => '/jobs',
    isReady: `document.querySelector('.jobs tbody tr')`,
    isInReadme: true,
  },
  {
    name: 'jobs-drawer',
    path: ({ gpuJob }) => `/jobs?filter=state:running&open=${gpuJob}`,
    isReady: `document.querySelector('.jobs tbody tr')`,
  },
  {
    name: 'job',
    path: ({ gpuJob }) => `/jobs/${gpuJob}`,
    isReady: `document.querySelector('.uplot canvas')`,
    isInReadme: true,
  },
  {
    name: 'job-nodes',
    path: ({ manyNodesJob }) => `/jobs/${manyNodesJob}`,
    isReady: `document.querySelector('canvas')`,
    isInReadme: true,
  },
  { name: 'array', path: ({ array }) => `/arrays/${array}`, isReady: `document.querySelector('main h1')` },
  { name: 'queue', path: () => '/queue', isReady: `document.querySelector('main table')` },
  {
    name: 'nodes',
    path: () => '/nodes',
    isReady: `document.querySelector('main canvas, main table')`,
    isInReadme: true,
  },
  {
    name: 'node',
    path: ({ node }) => `/nodes/${node}`,
    isReady: `document.querySelector('.stack canvas')`,
    isInReadme: true,
  },
  { name: 'efficiency', path: () => '/efficiency', isReady: `document.querySelector('main table')` },
  { name: 'usage', path: () => '/usage', isReady: `document.querySelector('main table')` },
  {
    name: 'user',
    path: ({ user }) => `/users/${user}`,
    isReady: `document.querySelector('main h1')`,
  },
  {
    name: 'account',
    path: ({ account }) => `/accounts/${account}`,
    isReady: `document.querySelector('main h1')`,
  },
];

const SIZES = [
  { name: 'wide', width: 1400, height: 900 },
  { name: 'narrow', width: 380, height: 800 },
] as const;
const SCHEMES = ['light', 'dark'] as const;
/** The plots are drawn and animations have ended. */
const SETTLE_MS = 500;
/** The demonstration has written its past by then, and what runs now. */
const FILLED_JOBS = 1000;
const FILLED_RUNNING = 10;

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
const found = await findThings();
const folder = options.readme ? 'docs/screenshots' : 'screenshots';
mkdirSync(folder, { recursive: true });
const wanted = SHOTS.filter(({ name, isInReadme }) =>
  options.readme ? isInReadme : name.includes(options.only),
);
for (const shot of wanted) {
  for (const size of options.readme ? SIZES.slice(0, 1) : SIZES) {
    for (const scheme of options.readme ? SCHEMES.slice(0, 1) : SCHEMES) await take(shot, size, scheme);
  }
}

async function take(
  { name, path, isReady }: Shot,
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

/** Returns the array with the most tasks. */
function largest(byArray: ReadonlyMap<string | undefined, readonly unknown[]>): string | undefined {
  const arrays = [...byArray].filter(([array]) => array !== undefined);
  return arrays.sort(([, one], [, other]) => other.length - one.length)[0]?.[0];
}

/** Finds jobs and names that the demonstration has, whose pages have most to show. */
async function findThings(): Promise<Found> {
  const get = async <Answer>(path: string): Promise<Answer> =>
    (await fetch(`${server.url}/v1/${path}`)).json() as Promise<Answer>;
  type Job = {
    id: string;
    user: string;
    account?: string;
    nodes: string[];
    gpus?: number;
    array_job_id?: string;
  };
  type List = { jobs: Job[]; total: number };
  for (const endMs = Date.now() + 60_000; Date.now() < endMs; await Bun.sleep(200)) {
    // The overview is made before it is asked for, and may be of an earlier moment.
    const [all, overview] = await Promise.all([
      get<List>('jobs?limit=1'),
      get<{ running: number }>('overview'),
    ]);
    if (all.total >= FILLED_JOBS && overview.running >= FILLED_RUNNING) break;
  }
  const { jobs: running } = await get<List>('jobs?state=running&limit=1000&sort=runtime');
  const { jobs } = await get<List>('jobs?limit=5000');
  const byNodes = [...running, ...jobs].sort((one, other) => other.nodes.length - one.nodes.length);
  const gpuJob = running.find(({ gpus = 0, nodes }) => gpus >= 4 && nodes.length <= 4) ?? running[0]!;
  return {
    gpuJob: gpuJob.id,
    manyNodesJob: byNodes[0]!.id,
    array: largest(Map.groupBy(jobs, (job) => job.array_job_id)) ?? '',
    node: gpuJob.nodes[0]!,
    user: gpuJob.user,
    account: gpuJob.account ?? '',
  };
}
