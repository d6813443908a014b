import { expect } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { freePorts } from '../help/port.ts';
import { startPrometheus, until } from '../help/prometheus.ts';
import { testWith } from '../help/tool.ts';

const testWithPrometheus = testWith(['prometheus']);

/** CPU seconds that the job uses between two scrapes, which are a second apart: 80 % of its two CPUs. */
const CPU_SECONDS = 1.6;

/** Stands in for the exporters of a node: what they expose, with a counter that counts scrapes. */
function startExporters() {
  let scrapes = 0;
  const text = (name: string) => readFileSync(`test/fixtures/exporters/${name}.txt`, 'utf8');
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch({ url }) {
      const { pathname } = new URL(url);
      if (pathname !== '/cgroup') return new Response(text('dcgm'));
      scrapes++;
      return new Response(text('cgroup-v2').replace('%CPU%', String(100 + scrapes * CPU_SECONDS)));
    },
  });
  return { host: `127.0.0.1:${server.port}`, [Symbol.dispose]: () => void server.stop(true) };
}

const configFor = (exporters: string, url: string, tokenFile: string, queue = '') => `
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: cgroup
    metrics_path: /cgroup
    static_configs: [{ targets: ["${exporters}"], labels: { instance: "node01.cluster.example:9306" } }]
  - job_name: dcgm
    metrics_path: /dcgm
    static_configs: [{ targets: ["${exporters}"], labels: { instance: "10.0.0.5:9400" } }]
remote_write:
  - url: ${url}/v1/ingest/remote-write
    authorization: { credentials_file: "${tokenFile}" }
    queue_config: { batch_send_deadline: 1s, min_backoff: 100ms, max_backoff: 1s${queue} }
`;

interface Sample {
  readonly timestamp: string;
  readonly cpu_usage: number;
  readonly memory_usage_mb: number;
  readonly gpu_usage?: number;
}

const samplesOf = async (url: string) =>
  ((await (await fetch(`${url}/v1/jobs/12/metrics?limit=1000`)).json()) as { samples: Sample[] }).samples;

const counter = async (url: string, result: string) =>
  Number(
    new RegExp(
      `^hpc_observe_ingest_samples_total\\{source="remote_write",result="${result}"\\} (\\S+)$`,
      'm',
    ).exec(await (await fetch(`${url}/metrics`)).text())?.[1],
  );

/** Creates the job and a token, and returns the file that has it. */
async function prepare(url: string, folder: { readonly path: string; file(name: string): string }) {
  const args = ['token', 'create', '--name', 'prometheus', '--role', 'ingest', '--server', url];
  writeFileSync(folder.file('token'), (await runExecutable(args, { folder: folder.path })).stdout);
  const created = await fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: '12', user: 'alice', nodes: ['node01'] }),
  });
  expect(created.status).toBe(201);
  return folder.file('token');
}

/**
 * Checks that there is a right sample of every second. On a busy machine Prometheus scrapes late now and
 * then, and early the next time.
 */
function expectWhole(samples: readonly Sample[]): void {
  const times = samples.map(({ timestamp }) => Date.parse(timestamp));
  const steps = times.slice(1).map((timeMs, index) => timeMs - times[index]!);
  expect(Math.max(...steps)).toBeLessThan(1500);
  for (const sample of samples) {
    expect(sample).toMatchObject({ memory_usage_mb: 1024 });
    expect(sample.cpu_usage).toBeWithin(55, 100);
  }
  const used = steps.reduce((sum, ms, index) => sum + ms * samples[index + 1]!.cpu_usage, 0);
  expect(used / (times.at(-1)! - times[0]!)).toBeWithin(79, 81);
  expect(samples.filter(({ gpu_usage }) => gpu_usage === 60).length).toBeGreaterThan(samples.length / 2);
}

const waitForSamples = (url: string, count: number) =>
  until(async () => {
    const samples = await samplesOf(url);
    return samples.length >= count ? samples : undefined;
  }, 60_000);

testWithPrometheus(
  'Prometheus sends on what exporters measure of jobs, and a kill of the service in between loses nothing',
  async () => {
    using folder = temporaryFolder();
    using exporters = startExporters();
    const [port] = await freePorts(1);
    const start = () => serve({ folder: folder.path, args: ['--port', String(port)] });
    const first = await start();
    const tokenFile = await prepare(first.url, folder);
    await using _ = await startPrometheus(configFor(exporters.host, first.url, tokenFile));
    const before = await waitForSamples(first.url, 15);
    expect(await counter(first.url, 'first_counter')).toBe(1);
    await first.stop('SIGKILL');
    await Bun.sleep(3000);
    const stoppedMs = Date.now();
    await using second = await start();
    expect((await samplesOf(second.url)).length).toBeGreaterThanOrEqual(before.length);
    const samples = await until(async () => {
      const found = await samplesOf(second.url);
      return Date.parse(found.at(-1)!.timestamp) > stoppedMs + 5000 ? found : undefined;
    }, 60_000);

    // Those of the time without a service included.
    expectWhole(samples);
    const list = await runExecutable(['token', 'list', '--server', second.url], { folder: folder.path });
    expect(list.stdout).toMatch(/^prometheus +ingest .*\d{4}-\d\d-\d\d/m);
  },
  180_000,
);

testWithPrometheus(
  'a scrape that Prometheus sends in many requests at once is one sample',
  async () => {
    using folder = temporaryFolder();
    using exporters = startExporters();
    await using server = await serve({ folder: folder.path });
    const tokenFile = await prepare(server.url, folder);
    const queue = ', min_shards: 4, max_samples_per_send: 3';
    await using _ = await startPrometheus(configFor(exporters.host, server.url, tokenFile, queue));
    expectWhole(await waitForSamples(server.url, 20));
    expect(await counter(server.url, 'incomplete')).toBe(0);
  },
  120_000,
);
