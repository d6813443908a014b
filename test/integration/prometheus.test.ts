import { expect } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { startPrometheus, until } from '../help/prometheus.ts';
import { testWith } from '../help/tool.ts';

const testWithPrometheus = testWith(['prometheus', 'promtool']);

const ODD_JOB = {
  id: 'job "7" \\n\\ {x="y"} é',
  user: 'dom\\alice "the" 1st',
  nodes: ['n1', 'n"2\\'],
} as const;
const PLAIN_JOB = { id: 'plain', user: 'bob', nodes: ['n1'] };

async function post(url: string, body: unknown): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status, await answer.text()).toBe(201);
}

async function fillJobs(url: string): Promise<void> {
  await post(`${url}/v1/jobs`, ODD_JOB);
  await post(`${url}/v1/jobs`, PLAIN_JOB);
  const samples = `${url}/v1/jobs/${encodeURIComponent(ODD_JOB.id)}/metrics`;
  await post(samples, { cpu_usage: 12.25, memory_usage_mb: 3000, gpu_usage: 99.5 });
  await post(samples, { node: ODD_JOB.nodes[1], cpu_usage: 75, memory_usage_mb: 1 });
}

testWithPrometheus(
  'Prometheus scrapes the service by deploy/prometheus.yml and stores every value under its labels',
  async () => {
    await using server = await serve();
    await fillJobs(server.url);
    await using prometheus = await startWithOurs(server.url);
    const { query } = prometheus;

    const target = await until(async () => {
      const [first] = await prometheus.targets();
      return first?.health === 'up' ? first : undefined;
    });
    expect(target).toMatchObject({ health: 'up', lastError: '' });

    const labels = { job_id: ODD_JOB.id, user: ODD_JOB.user };
    const first = { ...labels, node: ODD_JOB.nodes[0] };
    const second = { ...labels, node: ODD_JOB.nodes[1] };
    const cpu = await until(async () => {
      const found = await query('hpc_job_cpu_usage_percent');
      return found.length > 0 ? found : undefined;
    });
    expect(cpu).toHaveLength(2);
    expect(cpu).toContainEqual({ labels: first, value: 12.25 });
    expect(cpu).toContainEqual({ labels: second, value: 75 });
    expect(await query('hpc_job_memory_usage_bytes')).toEqual(
      expect.arrayContaining([
        { labels: first, value: 3000 * 1024 * 1024 },
        { labels: second, value: 1024 * 1024 },
      ]),
    );
    expect(await query('hpc_job_gpu_usage_percent')).toEqual([{ labels: first, value: 99.5 }]);
    const runtimes = await query('hpc_job_runtime_seconds');
    expect(runtimes).toHaveLength(3);
    for (const { value } of runtimes) expect(value).toBeWithin(0, 60);
    expect(await query('hpc_job_total')).toEqual([{ labels: {}, value: 2 }]);
    const states = await query('hpc_job_state_total');
    expect(Object.fromEntries(states.map(({ labels: { state }, value }) => [state, value]))).toEqual({
      pending: 0,
      running: 2,
      completed: 0,
      failed: 0,
      cancelled: 0,
    });

    const scrapes = await fetch(`${server.url}/metrics`);
    expect(await scrapes.text()).toMatch(/route="\/metrics",status="200"/);
  },
);

testWithPrometheus(
  'Prometheus sends the token of the file that deploy/prometheus.yml names, and reads the file again',
  async () => {
    await using server = await serve();
    using folder = temporaryFolder();
    const file = folder.file('prometheus.token');
    const token = (...args: readonly string[]) =>
      runExecutable(['token', ...args, '--server', server.url], { folder: server.folder });
    const createToken = async (name: string) =>
      writeFileSync(file, (await token('create', '--name', name, '--role', 'viewer')).stdout);
    await createToken('first');
    await using prometheus = await startWithOurs(server.url, file);
    const waitFor = (health: string) =>
      until(async () => {
        const [first] = await prometheus.targets();
        return first?.health === health ? first.lastError : undefined;
      });
    expect(await waitFor('up')).toBe('');
    await token('revoke', 'first');
    expect(await waitFor('down')).toContain('401 Unauthorized');
    await createToken('second');
    expect(await waitFor('up')).toBe('');
    expect((await token('list')).stdout).toMatch(/^second +viewer .* never +\d{4}-/m);
  },
);

const TOKEN_LINES = /# (authorization:\n +)# ( +credentials_file: ).*\n/;

/**
 * Starts Prometheus with deploy/prometheus.yml, but scraping `url` every second, maybe with the lines about a
 * token.
 */
function startWithOurs(url: string, tokenFile?: string) {
  const config = readFileSync('deploy/prometheus.yml', 'utf8');
  expect(config).toContain('127.0.0.1:8080');
  expect(config).toMatch(TOKEN_LINES);
  const ours = config
    .replace('127.0.0.1:8080', new URL(url).host)
    .replace('scrape_interval: 15s', 'scrape_interval: 1s');
  return startPrometheus(tokenFile === undefined ? ours : ours.replace(TOKEN_LINES, `$1$2${tokenFile}\n`));
}

testWithPrometheus('promtool objects to nothing but the name that the API reference fixes', async () => {
  await using server = await serve();
  await fillJobs(server.url);
  await fetch(`${server.url}/v1/nowhere`);
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const child = Bun.spawn(['promtool', 'check', 'metrics'], {
    stdin: new Blob([text]),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const findings = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  const lines = findings.split('\n').filter((line) => line !== '');
  expect(lines).toEqual(['hpc_job_state_total non-counter metrics should not have "_total" suffix']);
});

testWithPrometheus('a scrape that accepts gzip gets the same families in gzip', async () => {
  await using server = await serve();
  await fillJobs(server.url);
  const fetchAs = (encoding: string) =>
    fetch(`${server.url}/metrics`, { headers: { 'accept-encoding': encoding }, decompress: false });
  const packed = await fetchAs('gzip');
  expect(packed.headers.get('content-encoding')).toBe('gzip');
  const plain = await fetchAs('identity');
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const names = (text: string) => [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  const unpacked = new TextDecoder().decode(Bun.gunzipSync(new Uint8Array(await packed.arrayBuffer())));
  const plainNames = names(await plain.text());
  expect(names(unpacked)).toEqual(plainNames);
  expect(plainNames).toContain('hpc_job_cpu_usage_percent');
});
