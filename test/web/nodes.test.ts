import { expect, test } from 'bun:test';
import type { NodeSummaryAnswer } from '../../src/api/node-list.ts';
import type { NodeUsageAnswer } from '../../src/api/node-usage.ts';
import { bandsOf, highest } from '../../src/web/node/stack.ts';
import { filterNodes, groupNodes, usualGrouping } from '../../src/web/nodes/groups.ts';
import { cornerOf, layOut, moveFrom, tileAt } from '../../src/web/nodes/layout.ts';
import { MEASURES } from '../../src/web/nodes/measures.ts';
import { stateOf, troublesOf } from '../../src/web/nodes/node-state.ts';

type Scheduler = NonNullable<NodeSummaryAnswer['scheduler']>;
const slurm = (fields: Partial<Scheduler> = {}): Scheduler => ({
  ...{ state: 'idle', condition: 'up', partitions: ['batch'], features: [] },
  ...fields,
});
const node = (name: string, fields: Partial<NodeSummaryAnswer> = {}): NodeSummaryAnswer => ({
  ...{ node: name, cpus: {}, memory_mb: {}, gpus: {}, gpu_models: [], jobs: 0, job_ids: [] },
  ...fields,
});
const namesOf = (groups: ReturnType<typeof groupNodes>) =>
  groups.map(({ name, nodes }) => `${name}: ${nodes.map((one) => one.node).join(' ')}`);
const groups = (...sizes: number[]) => sizes.map((size, place) => ({ name: `g${place}`, size }));

test('tiles are as large as the window allows, from 44 to 10 pixels', () => {
  expect(layOut(groups(20), 1600, 800).tile).toBe(44);
  expect(layOut(groups(10_000), 1600, 920).tile).toBe(11);
  expect(layOut(groups(10_000), 380, 900).tile).toBe(10);
  expect(layOut(groups(6000, 3000, 1000), 1600, 900).height).toBeLessThanOrEqual(900);
});

test('every tile is found where it is drawn, and nothing between tiles', () => {
  const layout = layOut(groups(25, 7, 3), 460, 300);
  expect(layout.columns).toBe(10);
  for (let index = 0; index < layout.count; index++) {
    const { x, y } = cornerOf(layout, index);
    expect(tileAt(layout, x + 1, y + 1)).toBe(index);
    expect(tileAt(layout, x + layout.tile + 0.5, y + 1)).toBeUndefined();
    expect(tileAt(layout, x + 1, y + layout.tile + 0.5)).toBeUndefined();
  }
  expect(tileAt(layout, 5, 5)).toBeUndefined();
  expect(tileAt(layout, 9 * layout.pitch + 1, cornerOf(layout, 24).y + 1)).toBeUndefined();
});

test('arrows walk rows and columns, and up and down go on in the next group', () => {
  const layout = layOut(groups(25, 7), 460, 300);
  const walk = (index: number, ...keys: string[]) =>
    keys.reduce((at, key) => moveFrom(layout, at, key) ?? Number.NaN, index);
  expect(walk(3, 'ArrowDown', 'ArrowRight', 'ArrowUp', 'ArrowLeft')).toBe(3);
  // From a column that the last row does not have, to its last tile.
  expect(walk(18, 'ArrowDown')).toBe(24);
  expect(walk(23, 'ArrowDown', 'ArrowUp')).toBe(23);
  expect(walk(24, 'ArrowRight')).toBe(25);
  expect([walk(5, 'Home'), walk(5, 'End'), walk(0, 'ArrowLeft'), walk(31, 'ArrowDown')]).toEqual([
    0, 31, 0, 31,
  ]);
  expect(moveFrom(layout, 5, 'x')).toBeUndefined();
});

test('nodes are grouped by partition or by name, and the smallest of many groups are one', () => {
  const nodes = [node('r2n1'), node('r1n1', { scheduler: slurm() }), node('r1n2.example.org')];
  expect(namesOf(groupNodes(nodes, 'partition'))).toEqual([
    'batch: r1n1',
    'no partition: r2n1 r1n2.example.org',
  ]);
  expect(namesOf(groupNodes(nodes, 'name'))).toEqual(['r1n: r1n1 r1n2.example.org', 'r2n: r2n1']);
  const many = Array.from({ length: 60 }, (_, place) => node(`${'x'.repeat(place + 1)}1`));
  const grouped = groupNodes(many, 'name');
  expect([grouped.length, grouped.at(-1)!.name, grouped.at(-1)!.nodes.length]).toEqual([40, 'others', 21]);
  expect([usualGrouping(nodes), usualGrouping(many), usualGrouping([node('n1')])]).toEqual([
    'partition',
    'none',
    'name',
  ]);
});

test('a filter finds nodes by name, state, partition, feature, GPU and reason', () => {
  const drained = slurm({ condition: 'drained', reason: 'Bad fan', features: ['ib'] });
  const nodes = [node('n1', { scheduler: drained, gpu_models: [{ model: 'H100', total: 4 }] }), node('n2')];
  for (const filter of ['n1', 'drained fan', 'BATCH ib', 'h100'])
    expect(filterNodes(nodes, filter).map((one) => one.node)).toEqual(['n1']);
  expect(filterNodes(nodes, ' ')).toEqual(nodes);
  expect(filterNodes(nodes, 'drained n2')).toEqual([]);
});

test('what is not known has no share, and what is given is another value', () => {
  const nodes = [node('n1', { cpus: { total: 64, allocated: 32, used: 96 } }), node('n2')];
  expect(MEASURES.cpu.shares(nodes, 0)).toEqual([1, undefined]);
  expect(nodes.map(MEASURES.cpu.given!)).toEqual([0.5, undefined]);
  const agent = { silent: false, version: '1', clock_difference_seconds: 0, troubles: [] };
  const reported = node('n1', { agent: { ...agent, received: '2026-01-20T12:00:00Z' } });
  const nowMs = Date.UTC(2026, 0, 20, 12, 1);
  expect(MEASURES.age.shares([reported, node('n2')], nowMs)).toEqual([0.2, undefined]);
});

test('a node that is down or drained says so before its silent agent, with the reason', () => {
  const agent = {
    ...{ received: '2026-01-20T12:00:00Z', silent: true, version: '1', troubles: [] },
    clock_difference_seconds: 90,
  };
  const down = node('n1', { agent, scheduler: slurm({ condition: 'down', reason: 'no power' }) });
  expect([stateOf(down), stateOf(node('n2', { agent })), stateOf(node('n3'))]).toEqual([
    'down',
    'silent',
    'up',
  ]);
  expect(troublesOf(down)).toEqual(['no power.', 'Its agent is silent.']);
  expect(troublesOf(node('n2', { agent: { ...agent, silent: false } }))).toEqual([
    'Its clock differs by 90 s.',
  ]);
});

test('the jobs that used most are bands, and all others are one; a column without values stays empty', () => {
  const jobs = Array.from({ length: 10 }, (_, place) => ({
    ...{ job_id: `${place}`, user: 'alice', values: [place, null, place === 9 ? 1 : null] },
  }));
  const usage: NodeUsageAnswer = {
    ...{ node: 'n1', field: 'cpus', start_time: '', step_seconds: 60, columns: 3, jobs, left_out: 0 },
  };
  const bands = bandsOf(usage);
  expect(bands.map(({ label }) => label)).toEqual(['3', '4', '5', '6', '7', '8', '9', '3 other jobs']);
  expect(bands.at(-1)).toMatchObject({ colour: 0, values: [3, null, null] });
  expect(highest(bands, 3)).toBe(45);
});
