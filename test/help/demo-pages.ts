/** What is left of the values of the page's address: the first that the API has. */
interface Found {
  readonly gpuJob: string;
  readonly manyNodesJob: string;
  readonly array: string;
  readonly node: string;
  readonly user: string;
  readonly account: string;
}

export interface DemoPage {
  readonly name: string;
  readonly path: (found: Found) => string;
  /** True in the page once it shows what it is about. */
  readonly isReady: string;
  /** The README has this one. */
  readonly isInReadme?: boolean;
}

/** Every page of the demonstration. */
export const DEMO_PAGES: readonly DemoPage[] = [
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

/** The demonstration has written its past by then, and what runs now. */
const FILLED_JOBS = 1000;
const FILLED_RUNNING = 10;

/** The past is made up by then, in any engine. */
const FILL_MS = 180_000;

/** Returns the array with the most tasks. */
function largest(byArray: ReadonlyMap<string | undefined, readonly unknown[]>): string | undefined {
  const arrays = [...byArray].filter(([array]) => array !== undefined);
  return arrays.sort(([, one], [, other]) => other.length - one.length)[0]?.[0];
}

/** Waits until the demonstration is filled, and finds jobs and names whose pages have most to show. */
export async function findDemo(url: string): Promise<Found> {
  const get = async <Answer>(path: string): Promise<Answer> =>
    (await fetch(`${url}/v1/${path}`)).json() as Promise<Answer>;
  type Job = {
    id: string;
    user: string;
    account?: string;
    nodes: string[];
    gpus?: number;
    array_job_id?: string;
  };
  type List = { jobs: Job[]; total: number };
  for (const endMs = Date.now() + FILL_MS; Date.now() < endMs; await Bun.sleep(200)) {
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
