import { expect, test } from 'bun:test';
import { Registry } from 'prom-client';
import { groupRenderer } from '../../src/metrics/groups.ts';

function startRenderer() {
  const registry = new Registry();
  const logged: unknown[] = [];
  let nowMs = 0;
  let isBroken = true;
  const render = groupRenderer(
    [
      { name: 'jobs', render: async () => [Buffer.from('a 1\n'), Buffer.from('b 2\n')] },
      {
        name: 'throughput',
        render: () => (isBroken ? Promise.reject(new Error('damaged')) : Promise.resolve('c 3\n')),
      },
      {
        name: 'slurm',
        render() {
          if (isBroken) throw new Error('at once');
          return Promise.resolve('d 4\n');
        },
      },
      { name: 'service', render: () => registry.metrics() },
    ],
    { registry, now: () => nowMs, log: { warn: (event, fields) => void logged.push([event, fields.group]) } },
  );
  return {
    render: async () => new TextDecoder().decode(await render()),
    logged,
    repair() {
      isBroken = false;
    },
    advance(ms: number) {
      nowMs += ms;
    },
  };
}

const failures = (text: string, group: string) =>
  new RegExp(`^hpc_observe_metrics_group_failures_total\\{group="${group}"\\} (\\d+)$`, 'm').exec(text)?.[1];

test('a group that fails is left out and counted, and the others are served', async () => {
  const { render, repair } = startRenderer();
  const text = await render();
  expect(text).toStartWith('a 1\nb 2\n# HELP');
  expect(text).not.toMatch(/^[cd] /m);
  expect(['jobs', 'throughput', 'slurm', 'service'].map((group) => failures(text, group))).toEqual([
    '0',
    '1',
    '1',
    '0',
  ]);
  repair();
  const whole = await render();
  expect(whole).toStartWith('a 1\nb 2\nc 3\nd 4\n');
  expect(failures(whole, 'throughput')).toBe('1');
});

test('a group that goes on failing is logged once a minute', async () => {
  const { render, logged, advance } = startRenderer();
  await render();
  await render();
  expect(logged).toEqual([
    ['metrics_group_failed', 'throughput'],
    ['metrics_group_failed', 'slurm'],
  ]);
  advance(59_999);
  await render();
  expect(logged).toHaveLength(2);
  advance(1);
  await render();
  expect(logged).toHaveLength(4);
});
