import { afterAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { readEvents } from '../../src/client/events.ts';
import { EXECUTABLE, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { hasPostgres, startPostgres } from '../help/postgres.ts';
import { findSharedLosses, startSharedLoad } from '../help/shared-load.ts';

const started = hasPostgres() ? startPostgres() : undefined;
afterAll(async () => (await started)?.[Symbol.asyncDispose]());
const testServer = started ? test : test.skip;

/** How often the writer is killed; FAILOVERS=100 for a long run. */
const KILLS = Number(process.env.FAILOVERS ?? 5);
const TAKEN_OVER_MS = 5000;

type Serving = Awaited<ReturnType<typeof serve>>;

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<number> {
  const startedMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedMs > 30_000) throw new Error(`Not within 30 s: ${what}`);
    await Bun.sleep(20);
  }
  return performance.now() - startedMs;
}

async function dutyOf({ url }: Serving): Promise<string | undefined> {
  const answer = await fetch(`${url}/v1/health`, { signal: AbortSignal.timeout(3000) }).catch(
    () => undefined,
  );
  return answer && ((await answer.json()) as { duty?: string }).duty;
}

const isWriter = async (service: Serving) => (await dutyOf(service)) === 'writer';

/** Watches the changes that a service tells. */
function watchLive({ url }: Serving) {
  const controller = new AbortController();
  const told = new Set<string>();
  let hasEnded = false;
  const watching = (async () => {
    const { body } = await fetch(`${url}/v1/live`, { signal: controller.signal });
    for await (const { name, data } of readEvents(body!)) {
      if (name !== 'change') continue;
      const { jobs, measured } = data as { jobs: string[]; measured: string[] };
      for (const id of [...jobs, ...measured]) told.add(id);
    }
  })()
    .catch(() => {})
    .finally(() => {
      hasEnded = true;
    });
  return {
    told,
    hasEnded: () => hasEnded,
    async [Symbol.asyncDispose]() {
      controller.abort();
      await watching;
    },
  };
}

/** Starts two services on a new schema; the first one writes and knows that the other one waits. */
async function startTwo() {
  const address = await (await started!).newAddress();
  const start = () => serve({ env: { HPC_OBSERVE_DATABASE: address } });
  const services: [writer: Serving, reader: Serving] = [await start(), await start()];
  return {
    services,
    start,
    async [Symbol.asyncDispose]() {
      for (const service of services) await service[Symbol.asyncDispose]();
    },
  };
}

testServer(
  `${KILLS} times the writer is killed under load: the other service takes over, and nothing is lost or doubled`,
  async () => {
    await using two = await startTwo();
    const { services } = two;
    using load = startSharedLoad({ urls: () => services.map(({ url }) => url), connections: 8 });
    const takeOversMs: number[] = [];
    const gapsMs: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const [writer, reader] = services;
      await using live = watchLive(reader);
      await until('the reader tells what the writer stores', () => live.told.size > 0);
      load.takeLongestGapMs();
      await writer.stop('SIGKILL');
      takeOversMs.push(await until('the reader writes', () => isWriter(reader)));
      const before = load.samples();
      live.told.clear();
      await until('writes are stored again', () => load.samples() > before);
      await until('the stream goes on', () => live.told.size > 0);
      expect(live.hasEnded()).toBe(false);
      gapsMs.push(load.takeLongestGapMs());
      await writer[Symbol.asyncDispose]();
      services[0] = reader;
      services[1] = await two.start();
    }
    await load.stop();
    const most = (all: number[]) => Math.round(Math.max(...all));
    const mean = (all: number[]) => Math.round(all.reduce((sum, one) => sum + one, 0) / all.length);
    console.log(
      `${KILLS} take-overs in ${mean(takeOversMs)} ms on average and ${most(takeOversMs)} ms at most; ` +
        `without a stored write ${mean(gapsMs)} ms on average and ${most(gapsMs)} ms at most; ` +
        `${load.answered.size} jobs and ${load.samples()} samples`,
    );
    expect(most(takeOversMs)).toBeLessThan(TAKEN_OVER_MS);
    expect(load.unexpected).toEqual([]);
    for (const { url } of services) {
      expect(await findSharedLosses(url, load.answered)).toEqual([]);
      const { total } = (await (await fetch(`${url}/v1/jobs?limit=1`)).json()) as { total: number };
      expect(total).toBe(load.answered.size);
    }
    const metrics = await (await fetch(`${services[0].url}/metrics`)).text();
    const lines = metrics
      .split('\n')
      .filter((line) => /^hpc_(job_total|observe_jobs_finished_total)[ {]/.test(line));
    const ended = [...load.answered.values()].filter(({ isEnded }) => isEnded).length;
    expect(lines).toEqual(
      expect.arrayContaining([
        `hpc_job_total ${load.answered.size}`,
        `hpc_observe_jobs_finished_total{partition="",state="completed"} ${ended}`,
      ]),
    );
  },
  120_000 + KILLS * 20_000,
);

testServer(
  'a writer that hangs is replaced, and only reads when it wakes up',
  async () => {
    await using two = await startTwo();
    const [first, second] = two.services;
    using load = startSharedLoad({ urls: () => [first.url, second.url], connections: 8 });
    await using live = watchLive(second);
    await until('the reader tells what the writer stores', () => live.told.size > 0);
    process.kill(first.pid, 'SIGSTOP');
    const takenOverMs = await until('the reader writes', () => isWriter(second));
    expect(takenOverMs).toBeLessThan(TAKEN_OVER_MS);
    const before = load.samples();
    await until('writes are stored again', () => load.samples() > before + 100);
    process.kill(first.pid, 'SIGCONT');
    await until('the first one reads', async () => (await dutyOf(first)) === 'reader');
    await until('the first one says so', () => /"duty_reader"/.test(first.errors()));
    expect(first.errors()).toContain('"database_lost"');
    await until('it names the writer', async () => {
      const answer = await fetch(`${first.url}/v1/jobs`, { method: 'POST', body: '{}' });
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      return answer.headers.get('hpc-observe-writer') === second.url;
    });
    expect(await isWriter(second)).toBe(true);
    await load.stop();
    console.log(`taken over after ${Math.round(takenOverMs)} ms, ${load.samples()} samples`);
    expect(load.unexpected).toEqual([]);
    for (const { url } of [first, second]) expect(await findSharedLosses(url, load.answered)).toEqual([]);
    const own = async (url: string) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return text.split('\n').filter((line) => /^hpc_(job_total|observe_writer) /.test(line));
    };
    expect(await own(first.url)).toEqual(['hpc_observe_writer 0']);
    expect(await own(second.url)).toEqual([`hpc_job_total ${load.answered.size}`, 'hpc_observe_writer 1']);
    // The first one takes its turn again.
    expect(await second.stop()).toBe(0);
    await until('the first one writes', () => isWriter(first));
  },
  120_000,
);

testServer('a token of the writer is good at the reader, until it is revoked', async () => {
  await using two = await startTwo();
  const [writer, reader] = two.services;
  const created = await fetch(`${writer.url}/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'grafana', role: 'viewer' }),
  });
  expect(created.status).toBe(201);
  const { token } = (await created.json()) as { token: string };
  const read = async () =>
    (await fetch(`${reader.url}/v1/jobs`, { headers: { authorization: `Bearer ${token}` } })).status;
  await until('the reader knows the token', async () => (await read()) === 200);
  const refused = await fetch(`${reader.url}/v1/tokens/grafana`, { method: 'DELETE' });
  expect([refused.status, await refused.json()]).toEqual([
    503,
    expect.objectContaining({ error: 'unavailable' }),
  ]);
  expect(await read()).toBe(200);
  expect((await fetch(`${writer.url}/v1/tokens/grafana`, { method: 'DELETE' })).ok).toBe(true);
  const knownMs = await until('the reader refuses the token', async () => (await read()) === 401);
  expect(knownMs).toBeLessThan(TAKEN_OVER_MS);
});

testServer('an agent with both addresses sends to the one that writes', async () => {
  await using two = await startTwo();
  const [writer, reader] = two.services;
  using folder = temporaryFolder();
  const agent = Bun.spawn(
    [EXECUTABLE, 'agent', '--server', `${reader.url},${writer.url}`, '--node', 'n1', '--interval', '1s'],
    {
      cwd: folder.path,
      env: { PATH: process.env.PATH, HPC_OBSERVE_AGENT_SPOOL: join(folder.path, 'spool') },
      stdout: 'ignore',
      stderr: 'ignore',
    },
  );
  const reportedMs = async () => {
    const node = (await (await fetch(`${reader.url}/v1/nodes/n1`)).json()) as { timestamp?: string };
    return Date.parse(node.timestamp ?? '');
  };
  try {
    await until('the writer has a report', async () => (await reportedMs()) > 0);
    await writer.stop('SIGKILL');
    await until('the reader writes', () => isWriter(reader));
    const takenOverMs = Date.now();
    await until('the agent sends to it', async () => (await reportedMs()) > takenOverMs);
  } finally {
    agent.kill('SIGKILL');
    await agent.exited;
  }
});
