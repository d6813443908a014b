import { expect, test } from 'bun:test';
import { createNodeMeter } from '../../src/agent/node-energy.ts';

const CPUS = 10;

/** A node whose processors count on; each span has the power and the busy CPUs that the test says. */
function start(options = {}) {
  const meter = createNodeMeter({ longestSpanMs: 60_000, ...options });
  const now = { seconds: 0, joules: 0, busySeconds: 0 };
  const add = (packages = [{ name: 'package-0', joules: now.joules }]) =>
    meter.add({
      ms: now.seconds * 1000,
      cpu: { cpus: CPUS, busySeconds: now.busySeconds },
      packages,
      node: [{ name: 'node', joules: 2 * now.joules }],
    });
  add();
  return {
    ...meter,
    now,
    add,
    pass(seconds: number, watts: number, busyCpus: number) {
      now.seconds += seconds;
      now.joules += watts * seconds;
      now.busySeconds += busyCpus * seconds;
      return add();
    },
  };
}

test('until the node was idle once the energy of its CPUs cannot be divided', () => {
  const node = start();
  expect(node.pass(10, 200, 8)).toMatchObject({ activeJoules: 0, idleJoules: 0, cpuPowerSeconds: 0 });
  expect(node.idleWatts()).toBeUndefined();
  node.pass(10, 60, 0.2);
  expect(node.idleWatts()).toBe(60);
  const { activeJoules, idleJoules, cpuPowerSeconds } = node.pass(10, 200, 8);
  expect([activeJoules, idleJoules, cpuPowerSeconds]).toEqual([1400, 1200, 20]);
});

test('idle power is the least of spans that were long enough and idle', () => {
  const node = start();
  for (const [seconds, watts, busyCpus] of [
    [10, 80, 0.1],
    [10, 60, 0],
    [10, 70, 0],
    [10, 40, 1],
    [4, 30, 0],
  ] as const)
    node.pass(seconds, watts, busyCpus);
  expect(node.idleWatts()).toBe(60);
  // Short spans add up.
  node.pass(1, 30, 0);
  expect(node.idleWatts()).toBe(30);
});

test('a span that takes less than idling before is idle altogether', () => {
  const node = start({ saved: { idleWatts: 60 } });
  expect(node.pass(4, 50, 0)).toMatchObject({ activeJoules: 0, idleJoules: 200, cpuPowerSeconds: 4 });
});

test('a counter that begins again at 0 counts on, and one that jumps counts nothing', () => {
  const node = start({ saved: { idleWatts: 0 } });
  const at = (seconds: number, ...joules: number[]) => {
    node.now.seconds = seconds;
    return node.add(
      joules.map((one, number) => ({ name: `package-${number}`, joules: one, wrapJoules: 262_143 })),
    );
  };
  at(10, 262_000, 5);
  expect(at(20, 857, 105).activeJoules).toBe(1000 + 100);
  expect(at(30, 200_857, 205)).toMatchObject({ activeJoules: 1100, cpuPowerSeconds: 10 });
  expect(at(40, 200_957, 205)).toMatchObject({ activeJoules: 1200, cpuPowerSeconds: 20 });
});

test('a span without one of the processors, or a long one, is not known', () => {
  const node = start({ saved: { idleWatts: 60 } });
  node.now.seconds = 10;
  expect(node.add([])).toMatchObject({ cpuPowerSeconds: 0, nodePowerSeconds: 10 });
  expect(node.pass(10, 100, 5)).toMatchObject({ cpuPowerSeconds: 0, nodePowerSeconds: 20, nodeJoules: 2000 });
  expect(node.pass(61, 100, 5)).toMatchObject({ cpuPowerSeconds: 0, nodePowerSeconds: 20, nodeJoules: 2000 });
  expect(node.pass(10, 100, 5)).toMatchObject({ cpuPowerSeconds: 10, activeJoules: 400 });
});

test('sums and the span since the last reading go on after a restart of the agent', () => {
  const first = start({ saved: { idleWatts: 60 } });
  first.pass(10, 100, 5);
  const second = createNodeMeter({ longestSpanMs: 60_000, saved: JSON.parse(JSON.stringify(first.save())) });
  const cpu = { cpus: CPUS, busySeconds: 80 };
  const packages = [{ name: 'package-0', joules: 2000 }];
  expect(second.add({ ms: 20_000, cpu, packages, node: [] })).toMatchObject({
    activeJoules: 800,
    idleJoules: 1200,
    cpuPowerSeconds: 20,
    nodePowerSeconds: 10,
  });
});
