import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { createFileRegistry, fromBinary, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { certificates } from '../help/certificates.ts';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { until } from '../help/prometheus.ts';
import { testWith } from '../help/tool.ts';
import { VICTORIA_METRICS, victoriaMetrics } from '../help/victoria-metrics.ts';

async function send(url: string, method: string, body: unknown): Promise<void> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.ok, await answer.text()).toBe(true);
}

/** Runs a job from its start to its end, with one sample. */
async function runJob(url: string, id: string, cpuUsage: number): Promise<void> {
  await send(`${url}/v1/jobs`, 'POST', { id, user: 'alice', nodes: ['n1'], account: 'physics' });
  await send(`${url}/v1/jobs/${encodeURIComponent(id)}/metrics`, 'POST', {
    cpu_usage: cpuUsage,
    memory_usage_mb: 2,
  });
  await send(`${url}/v1/jobs/${encodeURIComponent(id)}`, 'PATCH', { state: 'completed' });
}

/** Reads the families of pushing from /metrics. */
async function readPush(url: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Object.fromEntries(
    [...text.matchAll(/^hpc_observe_push_(\S+) (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]),
  );
}

/** Certificates of VictoriaMetrics and of its authority, `ca.crt`. */
function makeCertificates() {
  const tls = certificates();
  tls.make('ca', { name: 'authority' });
  tls.make('vm', { name: 'vm', by: 'ca' });
  return tls;
}

testWith([VICTORIA_METRICS, 'openssl'])(
  'the last values of jobs that end while VictoriaMetrics is away arrive when it is back',
  async () => {
    using tls = makeCertificates();
    await using receiver = await victoriaMetrics(tls);
    await using server = await serve({
      args: [
        ...[
          '--push',
          `${receiver.url}/api/v1/import/prometheus`,
          '--push-interval',
          '1s',
          '--ended-series',
          '0s',
        ],
        ...['--push-user', 'pusher', '--push-ca', tls.file('ca.crt')],
      ],
      env: { HPC_OBSERVE_PUSH_PASSWORD: 'secret' },
    });
    const waiting = async (count: number) =>
      until(async () => ((await readPush(server.url)).waiting_snapshots! >= count ? true : undefined));
    const lastOf = (id: string) =>
      receiver.find(`last_over_time(hpc_job_cpu_usage_percent{job_id="${id}"}[1h])`);
    // Nothing listens yet.
    await runJob(server.url, 'early', 42.5);
    await waiting(2);
    await receiver.start();
    const [[labels, value]] = (await lastOf('early')) as [[Record<string, string>, number]];
    expect(value).toBe(42.5);
    expect(labels).toMatchObject({ job: 'hpc-observe', job_id: 'early', node: 'n1', user: 'alice' });
    expect(labels.instance).toMatch(/./);

    await receiver.kill();
    await runJob(server.url, 'late', 17.25);
    await waiting(2);
    await receiver.start();
    expect((await lastOf('late')).map(([, last]) => last)).toEqual([17.25]);
    await until(async () => ((await readPush(server.url)).age_seconds === 0 ? true : undefined));
    const counts = await readPush(server.url);
    expect(counts.failures_total).toBeGreaterThan(1);
    expect(counts['samples_total{result="sent"}']).toBeGreaterThan(100);
    for (const result of ['refused', 'dropped', 'coalesced'])
      expect([result, counts[`samples_total{result="${result}"}`]]).toEqual([result, 0]);
    const events = server.errors().match(/push_\w+/g);
    expect(events).toEqual(['push_failed', 'push_works_again', 'push_failed', 'push_works_again']);
    expect(server.errors()).not.toContain('secret');

    // What ends just before the stop arrives, too.
    await runJob(server.url, 'last', 5);
    expect(await server.stop()).toBe(0);
    expect((await lastOf('last')).map(([, last]) => last)).toEqual([5]);
  },
);

/** What a request for metrics is by the protocol of OpenTelemetry: test/fixtures/otlp/README.md. */
function readRequest(json: JsonValue): Uint8Array<ArrayBuffer> {
  const descriptors = fromBinary(FileDescriptorSetSchema, readFileSync('test/fixtures/otlp/metrics.binpb'));
  const name = 'opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest';
  const schema = createFileRegistry(descriptors).getMessage(name)!;
  return new Uint8Array(toBinary(schema, fromJson(schema, json)));
}

testWith([VICTORIA_METRICS, 'openssl'])(
  'what is pushed as OTLP is as the protocol says, and VictoriaMetrics makes the scraped series of it',
  async () => {
    using tls = makeCertificates();
    await using receiver = await victoriaMetrics(tls);
    await receiver.start();
    // VictoriaMetrics reads OTLP in its other form alone, protobuf.
    const faults: unknown[] = [];
    await using relay = Bun.serve({
      port: 0,
      async fetch(request) {
        try {
          expect(request.headers.get('authorization')).toBe('Bearer the-token');
          const text = new TextDecoder().decode(Bun.gunzipSync(await request.arrayBuffer()));
          const body = readRequest(JSON.parse(text));
          const headers = { 'content-type': 'application/x-protobuf' };
          const answer = await receiver.request('/opentelemetry/v1/metrics', {
            method: 'POST',
            body,
            headers,
          });
          return answer.ok ? Response.json({}) : answer;
        } catch (fault) {
          faults.push(fault);
          return new Response(String(fault), { status: 400 });
        }
      },
    });
    tls.write('token', 'the-token\n');
    await using server = await serve({
      args: [
        '--push',
        `${relay.url}v1/metrics`,
        '--push-interval',
        '1s',
        '--push-token-file',
        tls.file('token'),
      ],
    });
    const id = 'job "7" \\';
    await runJob(server.url, id, 42.5);
    const [[labels, value]] = (await receiver.find('hpc_job_cpu_usage_percent')) as [[object, number]];
    expect(faults).toEqual([]);
    expect(value).toBe(42.5);
    const service = { 'service.name': 'hpc-observe', 'service.instance.id': hostname() };
    expect(labels).toMatchObject({ job_id: id, node: 'n1', user: 'alice', ...service });
    expect(await receiver.find('hpc_job_state_total{state="completed"} == 1')).toHaveLength(1);
    expect((await receiver.find('hpc_job_total')).map(([, total]) => total)).toEqual([1]);
    const ofCommits = 'hpc_observe_commit_seconds';
    expect(await receiver.find(`${ofCommits}_bucket{le="+Inf"} == on () ${ofCommits}_count`)).toHaveLength(1);
    expect(await receiver.find(`histogram_quantile(0.9, ${ofCommits}_bucket) > 0`)).toHaveLength(1);
    expect((await readPush(server.url))['samples_total{result="refused"}']).toBe(0);
    expect(server.errors()).not.toContain('push_');
  },
);

test.each([
  [
    ['--push', 'http://user:secret@vm/'],
    2,
    '--push must be an http or https URL without a user; see --push-user',
  ],
  [
    ['--push', 'http://vm/', '--push-user', 'a'],
    2,
    '--push-user and --push-password-file are given together or not at all.',
  ],
  [['--push', 'http://vm/', '--push-ca', '/nowhere'], 1, '/nowhere cannot be read'],
])('%j is refused at the start', async (args, code, message) => {
  using folder = temporaryFolder();
  const { exitCode, stderr } = await runExecutable(['serve', ...args], { folder: folder.path });
  expect([exitCode, stderr]).toEqual([code, expect.stringContaining(message)]);
});
