import { expect, test } from 'bun:test';
import type { SentRow } from '../../src/api/sample-row.ts';
import { Client } from '../../src/client/client.ts';
import { packSamples } from '../../src/client/pack.ts';
import { NOON_MS } from '../help/clock.ts';
import { startService } from '../help/service.ts';
import { errorOf } from './help.ts';

// Which versions of the agent and of the service understand each other: docs/agent.md.

const SAMPLES: readonly (SentRow & { readonly timeMs: number })[] = [
  {
    jobId: 'a',
    node: 'n1',
    timeMs: NOON_MS - 1000,
    cpuUsage: 1,
    memoryUsageMb: 2,
    measures: { cpu_seconds: 5.125, io_read_bytes: 7 },
    gpus: [
      { gpu: 'GPU-a', values: { gpu_power_watts: 300 } },
      { gpu: 'GPU-b', values: { gpu_utilization_percent: 0 } },
    ],
  },
  { sluid: 's685M87SJRW700', node: 'n1', timeMs: NOON_MS, cpuUsage: 3, memoryUsageMb: 4, gpuUsage: 0 },
];
const ROWS = [
  {
    job_id: 'a',
    node: 'n1',
    timestamp: '2026-01-20T11:59:59.000Z',
    cpu_usage: 1,
    memory_usage_mb: 2,
    cpu_seconds: 5.125,
    io_read_bytes: 7,
    gpus: [
      { gpu: 'GPU-a', gpu_power_watts: 300 },
      { gpu: 'GPU-b', gpu_utilization_percent: 0 },
    ],
  },
  {
    sluid: 's685M87SJRW700',
    node: 'n1',
    timestamp: '2026-01-20T12:00:00.000Z',
    cpu_usage: 3,
    memory_usage_mb: 4,
    gpu_usage: 0,
  },
];

/** A service that answers as version 1.0 does, or one that reads columns. */
function standIn(readsColumns = false) {
  const bodies: Record<string, unknown>[] = [];
  const state = { readsColumns };
  const server = Bun.serve({
    port: 0,
    async fetch(request) {
      const bytes = new Uint8Array(await request.arrayBuffer());
      const isPacked = request.headers.get('content-encoding') === 'zstd';
      const body = JSON.parse(new TextDecoder().decode(isPacked ? Bun.zstdDecompressSync(bytes) : bytes));
      bodies.push(body);
      if (!Array.isArray(body.samples) && !state.readsColumns) {
        const message = 'The body must be an object with an array called samples.';
        return Response.json({ error: 'validation_error', message }, { status: 400 });
      }
      return Response.json({ stored: 2, repeated: 0, refused: 0, errors: [] });
    },
  });
  return {
    url: server.url.href,
    bodies,
    state,
    shapes: () => bodies.splice(0).map((body) => ('samples' in body ? 'rows' : 'columns')),
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

const STORED = { stored: 2, repeated: 0, refused: 0, refusals: [] };

test('a service of version 1.0 gets the same batch as rows, and from then on rows at once', async () => {
  await using old = standIn();
  const client = new Client({ url: old.url, retries: 0 });
  expect(await client.recordPacked(packSamples(SAMPLES))).toEqual(STORED);
  expect(old.bodies[1]).toEqual({ samples: ROWS });
  expect(old.shapes()).toEqual(['columns', 'rows']);
  expect(await client.recordPacked(packSamples(SAMPLES))).toEqual(STORED);
  expect(await client.recordSamples(SAMPLES)).toEqual(STORED);
  expect(old.bodies).toEqual([{ samples: ROWS }, { samples: ROWS }]);
});

test('after a failure of the connection the service may be a newer one, which gets columns again', async () => {
  const old = standIn();
  const port = Number(new URL(old.url).port);
  const client = new Client({ url: old.url, retries: 0 });
  await client.recordPacked(packSamples(SAMPLES));
  await old[Symbol.asyncDispose]();
  expect(await errorOf(client.recordPacked(packSamples(SAMPLES)))).toMatchObject({ code: 'no_answer' });
  await using server = await startService();
  const shapes: string[] = [];
  const newer = Bun.serve({
    port,
    async fetch(request) {
      shapes.push('columns');
      return server.app.handle(request);
    },
  });
  try {
    expect(await client.recordPacked(packSamples(SAMPLES))).toMatchObject({ refused: 2 });
    expect(shapes).toEqual(['columns']);
  } finally {
    await newer.stop(true);
  }
});

test('a service that refuses rows, too, is not taken for an older one', async () => {
  const refused: string[] = [];
  const server = Bun.serve({
    port: 0,
    async fetch(request) {
      refused.push('columns' in ((await request.json()) as object) ? 'columns' : 'rows');
      return Response.json({ error: 'validation_error', message: 'No.' }, { status: 400 });
    },
  });
  try {
    const client = new Client({ url: server.url.href, retries: 0 });
    for (let times = 0; times < 2; times++)
      expect(await errorOf(client.recordSamples(SAMPLES))).toMatchObject({ code: 'validation_error' });
    expect(refused).toEqual(['columns', 'rows', 'columns', 'rows']);
  } finally {
    await server.stop(true);
  }
});

test('an agent of version 1.0, which sends rows of three values, is understood', async () => {
  await using service = await startService();
  await service.send('POST', '/v1/jobs', { id: 'a', user: 'alice', nodes: ['n1'] });
  const [{ cpu_seconds, io_read_bytes, gpus, ...three }] = ROWS as unknown as [Record<string, unknown>];
  const body = new Uint8Array(Bun.zstdCompressSync(JSON.stringify({ samples: [three] })));
  const { json } = await service.send('POST', '/v1/samples', body, { 'content-encoding': 'zstd' });
  expect(json).toEqual({ stored: 1, repeated: 0, refused: 0, errors: [] });
  const again = packSamples([SAMPLES[0]!]);
  const repeated = await service.send('POST', '/v1/samples', again, { 'content-encoding': 'zstd' });
  expect(repeated.json).toEqual({ stored: 0, repeated: 1, refused: 0, errors: [] });
});

test('a batch that an agent of version 1.0 left in its spool is sent as it is', async () => {
  await using server = standIn(true);
  const client = new Client({ url: server.url, retries: 0 });
  const packed = new Uint8Array(Bun.zstdCompressSync(JSON.stringify({ samples: ROWS })));
  expect(await client.recordPacked(packed)).toEqual(STORED);
  expect(server.bodies).toEqual([{ samples: ROWS }]);
});
