import { expect, test } from 'bun:test';
import { connect } from 'node:net';
import { serveAgentPage } from '../../src/cli/agent-page.ts';
import { NOON_MS } from '../help/clock.ts';
import { nodeReport } from '../help/node-report.ts';
import { testWith } from '../help/tool.ts';

const COUNTS = {
  ...{ sent: 5, failures: 1, refusedBatches: 0, refusedSamples: 2 },
  ...{ droppedBatches: 0, waitingBatches: 3, waitingBytes: 900 },
};
const ROUND = {
  readings: [
    {
      key: { jobId: '7"' },
      timeMs: NOON_MS,
      values: { cpu_seconds: 12.5, memory_anonymous_bytes: 100, io_read_bytes: 9, processes: 0 },
      gpus: [{ uuid: 'GPU-1', values: { gpu_utilization_percent: 0, gpu_throttled: 1 } }],
    },
    { key: { sluid: 's685M87SJRW700' }, timeMs: NOON_MS, values: { cpu_seconds: 1 }, gpus: [] },
  ],
  ...{ troubles: [], isWhole: true, ended: 0, dropped: 0, leftovers: [] },
  report: nodeReport(),
};

function startPage(hasCounts = true, host = '127.0.0.1') {
  let nowMs = NOON_MS + 1000;
  const page = serveAgentPage({
    listener: { kind: 'tcp', host, port: 0 },
    ...(hasCounts && { counts: () => COUNTS }),
    now: () => nowMs,
  });
  const url = `http://${page.address}`;
  return {
    page,
    url,
    read: async () => (await fetch(`${url}/metrics`)).text(),
    advance: (ms: number) => (nowMs += ms),
    [Symbol.asyncDispose]: () => page.stop(),
  };
}

const seriesOf = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('the page has the node, all measures of its jobs and their GPUs, and what the agent counts', async () => {
  await using one = startPage();
  expect((await fetch(`${one.url}/metrics`)).status).toBe(503);
  one.page.show(ROUND);
  const answer = await fetch(`${one.url}/metrics`);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await answer.text();
  const series = seriesOf(text);
  expect(series).toContain('hpc_node_cpus{node="n1"} 64');
  expect(series).toContain('hpc_agent_collector_success{node="n1",collector="nvidia"} 0');
  expect(series.filter((line) => /^hpc_job|^hpc_agent_(batches|s[ae]|sp)/.test(line))).toEqual([
    'hpc_job_cpu_seconds_total{job_id="7\\"",node="n1"} 12.5',
    'hpc_job_cpu_seconds_total{sluid="s685M87SJRW700",node="n1"} 1',
    'hpc_job_memory_rss_bytes{job_id="7\\"",node="n1"} 100',
    'hpc_job_io_read_bytes_total{job_id="7\\"",node="n1"} 9',
    'hpc_job_processes{job_id="7\\"",node="n1"} 0',
    'hpc_job_gpu_device_utilization_percent{job_id="7\\"",node="n1",gpu="GPU-1"} 0',
    'hpc_job_gpu_device_throttled{job_id="7\\"",node="n1",gpu="GPU-1"} 1',
    'hpc_agent_batches_sent_total 5',
    'hpc_agent_send_failures_total 1',
    'hpc_agent_batches_refused_total 0',
    'hpc_agent_samples_refused_total 2',
    'hpc_agent_batches_dropped_total 0',
    'hpc_agent_spool_batches 3',
    'hpc_agent_spool_bytes 900',
  ]);
  expect(text).not.toContain('clock_difference');
  expect(text).toContain('# HELP hpc_job_cpu_seconds_total CPU time that the job used on the node\n');
});

test('a round replaces the one before, and what was read too long ago vanishes', async () => {
  await using one = startPage(false);
  one.page.show(ROUND);
  expect(await one.read()).toContain('job_id="7');
  one.page.show({ ...ROUND, readings: [] });
  const { report: _, ...some } = ROUND;
  one.page.show({ ...some, isWhole: false });
  const text = await one.read();
  expect(text).not.toContain('hpc_job_');
  expect(text).not.toContain('hpc_agent_batches');
  one.page.show(ROUND);
  one.advance(300_001);
  expect(seriesOf(await one.read())).toEqual([
    `hpc_agent_last_report_timestamp_seconds{node="n1"} ${NOON_MS / 1000}`,
  ]);
});

test('there is no other page, and no other method', async () => {
  await using one = startPage();
  one.page.show(ROUND);
  for (const path of ['/', '/metrics/', '/v1/jobs', '/metrics%20'])
    expect((await fetch(one.url + path)).status, path).toBe(404);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
    expect((await fetch(`${one.url}/metrics`, { method })).status, method).toBe(404);
  expect((await fetch(`${one.url}/metrics?x=1`)).status).toBe(200);
  const body = new Uint8Array(1_000_000);
  expect((await fetch(`${one.url}/metrics`, { method: 'POST', body })).status).toBe(413);
});

test('an address that is taken is explained', async () => {
  await using one = startPage();
  const port = Number(new URL(one.url).port);
  const listener = { kind: 'tcp', host: '127.0.0.1', port } as const;
  expect(() => serveAgentPage({ listener, now: Date.now })).toThrow(
    `The agent cannot listen on 127.0.0.1:${port}`,
  );
});

test('clients that send nothing do not keep others waiting', async () => {
  await using one = startPage();
  one.page.show(ROUND);
  const port = Number(new URL(one.url).port);
  const idle = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'));
  try {
    expect(await one.read()).toContain('hpc_node_cpus');
  } finally {
    for (const socket of idle) socket.destroy();
  }
});

testWith(['promtool'])('promtool finds nothing in the page of an agent', async () => {
  await using one = startPage();
  one.page.show(ROUND);
  const child = Bun.spawn(['promtool', 'check', 'metrics'], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  child.stdin.write(await one.read());
  await child.stdin.end();
  const said = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  expect([await child.exited, said]).toEqual([0, '']);
});
