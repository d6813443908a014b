import { expect, test } from 'bun:test';
import { createEnergyShares } from '../../src/agent/energy-shares.ts';
import type { NodeEnergy } from '../../src/agent/node-energy.ts';

const CPUS = 10;

const ZERO: NodeEnergy = {
  ms: 0,
  cpu: { cpus: CPUS, busySeconds: 0 },
  activeJoules: 0,
  idleJoules: 0,
  cpuPowerSeconds: 0,
  nodeJoules: 0,
  nodePowerSeconds: 0,
};

/** A node whose sums grow by what the test says in each span of 10 seconds. */
function start() {
  const shares = createEnergyShares();
  let node = ZERO;
  return {
    ...shares,
    see: (...keys: string[]) => shares.see(new Set(keys)),
    pass(busySeconds: number, { active = 0, idle = 0, whole = 0, knownSeconds = 10 } = {}) {
      node = {
        ms: node.ms + 10_000,
        cpu: { cpus: CPUS, busySeconds: node.cpu.busySeconds + busySeconds },
        activeJoules: node.activeJoules + active,
        idleJoules: node.idleJoules + idle,
        cpuPowerSeconds: node.cpuPowerSeconds + knownSeconds,
        nodeJoules: node.nodeJoules + whole,
        nodePowerSeconds: node.nodePowerSeconds + knownSeconds,
      };
    },
    add: (key: string, cpuSeconds: number, cpusAllocated: number | undefined = 4, hasGpus = false) =>
      shares.add(key, { cpuSeconds, cpusAllocated }, node, hasGpus),
  };
}

test('a job has its share of the CPUs by CPU time, and of their idling by allocated CPUs', () => {
  const node = start();
  node.see('1', '2');
  expect([node.add('1', 5), node.add('2', 0, 2)]).toEqual([{}, {}]);
  node.pass(40, { active: 800, idle: 500, whole: 4000 });
  expect(node.add('1', 35)).toEqual({
    cpu_energy_joules: 600,
    cpu_idle_energy_joules: 200,
    cpu_power_seconds: 10,
    node_energy_joules: 3000,
    node_power_seconds: 10,
  });
  // It holds CPUs and uses none.
  expect(node.add('2', 0, 2)).toMatchObject({ cpu_energy_joules: 0, cpu_idle_energy_joules: 100 });
});

test('the energy of the whole node is that of a job which is alone on it all the time', () => {
  const node = start();
  node.see('1');
  node.add('1', 0, 4, true);
  node.pass(40, { whole: 4000 });
  node.see('1');
  expect(node.add('1', 10, 4, true).node_energy_joules).toBe(4000);
  node.pass(40, { whole: 4000 });
  node.see('1', '2');
  expect(node.add('1', 20, 4, true)).toMatchObject({ node_energy_joules: 4000, node_power_seconds: 10 });
  node.pass(40, { whole: 4000 });
  node.see('1');
  expect(node.add('1', 20, 4, true)).toMatchObject({ node_energy_joules: 4000, node_power_seconds: 10 });
  node.pass(40, { whole: 4000 });
  node.see('1');
  expect(node.add('1', 20, 4, true)).toMatchObject({ node_energy_joules: 8000, node_power_seconds: 20 });
});

test('a span that is known in part only is left out', () => {
  const node = start();
  node.see('1', '2');
  node.add('1', 0);
  node.pass(40, { active: 100, knownSeconds: 9 });
  expect(node.add('1', 40)).toEqual({});
  node.pass(40, { active: 100 });
  expect(node.add('1', 60)).toMatchObject({ cpu_energy_joules: 50, cpu_power_seconds: 10 });
});

test('no job has more than all, though its CPU time is counted more exactly than that of the node', () => {
  const node = start();
  node.see('1', '2');
  node.add('1', 0);
  node.pass(9.98, { active: 100 });
  expect(node.add('1', 10).cpu_energy_joules).toBe(100);
  node.pass(0, { active: 5 });
  expect(node.add('1', 10).cpu_energy_joules).toBe(100);
});

test('a job whose CPUs are unknown has no share of their idling, and shares go on after a restart', () => {
  const first = start();
  first.see('1', '2');
  first.add('1', 0);
  const second = createEnergyShares(JSON.parse(JSON.stringify(first.save())));
  const node = { ...ZERO, ms: 10_000, idleJoules: 100, activeJoules: 50, cpuPowerSeconds: 10 };
  expect(second.add('1', { cpuSeconds: 10, cpusAllocated: undefined }, node, false)).toEqual({
    cpu_energy_joules: 50,
    cpu_power_seconds: 10,
  });
});

test('a reading that a later one overtook changes nothing', () => {
  const shares = createEnergyShares();
  shares.see(new Set(['1', '2']));
  const at = (seconds: number, cpuSeconds: number) =>
    shares.add(
      '1',
      { cpuSeconds, cpusAllocated: 4 },
      {
        ...ZERO,
        ms: seconds * 1000,
        cpu: { cpus: CPUS, busySeconds: seconds },
        cpuPowerSeconds: seconds,
        activeJoules: seconds,
      },
      false,
    );
  at(0, 0);
  expect(at(20, 20).cpu_energy_joules).toBe(20);
  expect(at(10, 10).cpu_energy_joules).toBe(20);
  expect(at(30, 30).cpu_energy_joules).toBe(30);
});
