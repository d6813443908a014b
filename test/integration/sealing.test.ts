import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';

const KILLS = 15;
const DAY_MS = 86_400_000;

interface Sent {
  readonly job_id: string;
  readonly node: string;
  readonly timestamp: string;
  readonly cpu_usage: number;
  readonly memory_usage_mb: number;
  readonly cpu_seconds: number;
  readonly gpus: readonly { readonly gpu: string; readonly gpu_power_watts: number }[];
}

/** Makes samples that are old enough to be sealed at once, each with different values. */
function oldSamples(from: number, count: number, startMs: number): Sent[] {
  return Array.from({ length: count }, (_, offset) => {
    const index = from + offset;
    return {
      job_id: 'a',
      node: index % 2 ? 'n1' : 'n2',
      timestamp: new Date(startMs + index * 1000).toISOString(),
      cpu_usage: (index % 10_000) / 100,
      memory_usage_mb: index,
      cpu_seconds: index / 8,
      gpus: [{ gpu: 'GPU-5f1c', gpu_power_watts: index / 4 }],
    };
  });
}

async function post(url: string, path: string, body: object): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function readSamples(url: string): Promise<string[]> {
  const response = await fetch(
    `${url}/v1/jobs/a/metrics?limit=100000&fields=cpu_usage,memory_usage_mb,cpu_seconds`,
  );
  const { samples, total } = (await response.json()) as { samples: Omit<Sent, 'job_id'>[]; total: number };
  expect(total).toBe(samples.length);
  return samples.map(textOf);
}

const textOf = ({ timestamp, cpu_usage, memory_usage_mb, cpu_seconds }: Omit<Sent, 'job_id'>) =>
  `${timestamp} ${cpu_usage} ${memory_usage_mb} ${cpu_seconds}`;

/** Returns the power of the GPU in the order of time. */
async function readPower(url: string): Promise<number[]> {
  const response = await fetch(`${url}/v1/jobs/a/metrics?limit=100000&by=gpu&fields=gpu_power_watts`);
  const { samples } = (await response.json()) as { samples: { gpu_power_watts: number }[] };
  return samples.map(({ gpu_power_watts }) => gpu_power_watts);
}

function countSealed(folder: string): number {
  using db = new Database(`${folder}/hpc-observe.db`, { readonly: true });
  return db.query<{ samples: number }, []>('SELECT ifnull(sum(samples), 0) AS samples FROM chunk').get()!
    .samples;
}

test(`kill -9 ${KILLS} times while samples are being sealed loses and duplicates none`, async () => {
  using folder = temporaryFolder();
  const startMs = Date.now() - 3 * DAY_MS;
  const answered: Sent[] = [];
  for (let kill = 0; kill <= KILLS; kill++) {
    await using server = await serve({ folder: folder.path });
    if (kill === 0) await post(server.url, '/v1/jobs', { id: 'a', user: 'alice', nodes: ['n1', 'n2'] });
    const batch = oldSamples(answered.length, kill === 0 ? 30_000 : 1500, startMs);
    const response = await post(server.url, '/v1/samples', { samples: batch });
    expect(response.ok).toBe(true);
    expect(await response.json()).toMatchObject({ stored: batch.length, repeated: 0, refused: 0 });
    answered.push(...batch);
    await Bun.sleep(10 + ((kill * 37) % 150));
    await server.stop('SIGKILL');
  }
  const expected = answered.map(textOf);
  await using server = await serve({ folder: folder.path });
  expect(await readSamples(server.url)).toEqual(expected);
  // Compares while sealing goes on, until most samples are
  // sealed or the machine has been too busy for a minute.
  const endsAtMs = performance.now() + 60_000;
  while (countSealed(folder.path) <= 30_000 && performance.now() < endsAtMs) {
    expect(await readSamples(server.url)).toEqual(expected);
    await Bun.sleep(100);
  }
  expect(await readSamples(server.url)).toEqual(expected);
  expect(await readPower(server.url)).toEqual(answered.map((_, index) => index / 4));
  expect(await server.stop()).toBe(0);
  using db = new Database(`${folder.path}/hpc-observe.db`);
  expect(db.query('PRAGMA integrity_check').values()).toEqual([['ok']]);
  expect(countSealed(folder.path)).toBeGreaterThan(30_000);
});
