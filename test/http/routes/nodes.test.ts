import { expect, test } from 'bun:test';
import { startService } from '../../help/service.ts';

const REPORT = {
  node: 'n1',
  timestamp: '2026-01-20T11:59:57.000Z',
  version: '1.0.0',
  interval_seconds: 15,
  jobs: 2,
  cpus: 64,
  gpus: [{ gpu: 'GPU-1', model: 'H100', utilization_percent: 30 }],
  collectors: [{ name: 'memory', message: 'No cgroup counts memory.' }],
};

test('the nodes that reported are listed by name, with what their agents said and whether they are silent', async () => {
  await using service = await startService();
  expect((await service.send('GET', '/v1/nodes')).json).toEqual({ nodes: [] });
  for (const node of ['n2', 'n1']) {
    const { status } = await service.send('POST', '/v1/samples', { report: { ...REPORT, node } });
    expect(status).toBe(200);
  }
  const { json } = await service.send('GET', '/v1/nodes');
  const { nodes } = json as { nodes: Record<string, unknown>[] };
  expect(nodes.map(({ node }) => node)).toEqual(['n1', 'n2']);
  expect(nodes[0]).toEqual({
    ...REPORT,
    received: '2026-01-20T12:00:00.000Z',
    silent: false,
    clock_difference_seconds: 3,
  });
  service.clock.advance(301_000);
  expect((await service.send('GET', '/v1/nodes')).json).toMatchObject({ nodes: [{ silent: true }, {}] });
});
