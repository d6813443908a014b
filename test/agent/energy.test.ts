import { expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createReader } from '../../src/agent/reader.ts';
import { temporaryFolder } from '../help/folder.ts';

const JOB = '/c/slurmstepd.scope/job_7';
const ZONE = '/sys/class/powercap/intel-rapl:0';
const PM = '/sys/cray/pm_counters';

/** A node of 10 CPUs with one job of 4, whose CPU time and energy the test sets. */
function startNode() {
  const folder = temporaryFolder();
  const write = (path: string, text: string) => {
    mkdirSync(dirname(folder.path + path), { recursive: true });
    writeFileSync(folder.path + path, `${text}\n`);
  };
  write('/proc/1/mountinfo', '1 2 0:3 / /c rw - cgroup2 cgroup2 rw');
  write('/proc/sys/kernel/random/boot_id', '9d2f');
  write(`${JOB}/cpuset.cpus`, '0-3');
  write(`${ZONE}/name`, 'package-0');
  write(`${ZONE}/max_energy_range_uj`, '262143328850');
  const now = { seconds: 0, jobSeconds: 0, busySeconds: 0, joules: 0 };
  const clock = { nowMs: () => now.seconds * 1000, monotonicMs: () => now.seconds * 1000 };
  const warnings: string[] = [];
  const open = () =>
    createReader({
      node: 'n1',
      root: folder.path,
      hookSpool: '/var/spool/hpc-observe',
      intervalMs: 15_000,
      version: '1.0.0',
      folder: folder.file('agent'),
      clock,
      warn: (event) => void warnings.push(event),
    });
  let reader = open();
  let isStopped = false;
  return {
    ...folder,
    write,
    warnings,
    /** The counters of the whole node change no more. */
    stopCounters() {
      isStopped = true;
    },
    restart() {
      reader = open();
    },
    /** A span in which the job and all processes of the node use so many CPUs, and these so much power. */
    async pass(seconds: number, jobCpus: number, busyCpus: number, watts: number) {
      now.seconds += seconds;
      now.jobSeconds += jobCpus * seconds;
      now.busySeconds += busyCpus * seconds;
      now.joules += watts * seconds;
      write(`${JOB}/cpu.stat`, `usage_usec ${now.jobSeconds * 1e6}`);
      const cpus = Array.from({ length: 10 }, (_, cpu) => `cpu${cpu} 0 0 0 0 0 0 0 0 0 0`);
      write('/proc/stat', [`cpu  ${now.busySeconds * 100} 0 0 0 0 0 0 0 0 0`, ...cpus].join('\n'));
      write(`${ZONE}/energy_uj`, `${now.joules * 1e6}`);
      if (!isStopped) {
        write(`${PM}/energy`, `${2 * now.joules} J 1700000000 us`);
        write(`${PM}/freshness`, `${now.seconds * 10}`);
      }
      const { readings, troubles } = await reader.read();
      return { values: readings[0]?.values, troubles };
    },
  };
}

test('the energy of a job is measured once the node was idle, and goes on after a restart of the agent', async () => {
  using node = startNode();
  await node.pass(15, 0, 0, 50);
  expect((await node.pass(15, 2, 4, 150)).values).toMatchObject({ node_energy_joules: 4500 });
  await node.pass(15, 0, 0, 50);
  const { values, troubles } = await node.pass(15, 2, 4, 150);
  expect(values).toMatchObject({
    // Half of 100 W beyond idling, and 4 of 10 CPUs of 50 W idling in two spans.
    cpu_energy_joules: 750,
    cpu_idle_energy_joules: 600,
    cpu_power_seconds: 30,
    node_energy_joules: 10_500,
    node_power_seconds: 45,
  });
  expect(troubles).toEqual([]);
  node.restart();
  expect((await node.pass(15, 2, 4, 150)).values).toMatchObject({
    cpu_seconds: 90,
    cpus_used: 2,
    cpu_energy_joules: 1500,
    cpu_power_seconds: 45,
    node_energy_joules: 15_000,
  });
});

test('counters that cannot be kept are said once, and the readings go on', async () => {
  using node = startNode();
  writeFileSync(node.file('agent'), 'a file where the folder should be');
  for (let round = 0; round < 3; round++) expect((await node.pass(15, 1, 1, 50)).values).toBeDefined();
  expect(node.warnings).toEqual(['counters_not_kept']);
});

test('energy counters that stand still are a trouble of their own, and the other energy counts on', async () => {
  using node = startNode();
  await node.pass(15, 0, 0, 50);
  await node.pass(15, 0, 0, 50);
  node.stopCounters();
  const { values, troubles } = await node.pass(15, 0, 0, 50);
  expect(troubles).toEqual([
    {
      collector: 'pm_counters',
      message: '/sys/cray/pm_counters has not changed for 15 s, so the power of the node is unknown.',
    },
  ]);
  expect(values).toMatchObject({ cpu_power_seconds: 30, node_power_seconds: 15 });
});
