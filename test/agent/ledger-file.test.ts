import { expect, test } from 'bun:test';
import { readdirSync, writeFileSync } from 'node:fs';
import { createLedger } from '../../src/agent/ledger.ts';
import { createLedgerFile } from '../../src/agent/ledger-file.ts';
import { pathsUnder } from '../../src/agent/paths.ts';
import { unpackTree } from '../help/captured-tree.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

function start(tree = `==> ${BOOT_ID} <==\n9d2f\n`) {
  const node = unpackTree(tree);
  const folder = node.file('agent');
  const open = () => createLedgerFile({ folder, paths: pathsUnder(node.path) });
  return { path: node.path, folder, open, [Symbol.dispose]: node[Symbol.dispose] };
}

function countedLedger() {
  const ledger = createLedger({ longestSpanMs: 60_000 });
  ledger.runs.see('7', { hasLastingStep: () => true });
  ledger.meter.read('7', [{ source: 'a', values: { cpu_seconds: 100 } }], 0);
  const gpus = new Map([['7', [{ uuid: 'GPU-1', values: { gpu_power_watts: 10 } }]]]);
  const cpu = { cpus: 4, busySeconds: 0 };
  for (const seconds of [0, 10]) {
    const packages = [{ name: 'package-0', joules: 50 * seconds }];
    const node = ledger.nodeMeter.add({ ms: seconds * 1000, cpu, packages, node: [] });
    ledger.shares.add('7', { cpuSeconds: 0, cpusAllocated: 1 }, node, false);
  }
  ledger.gpuUse.add({ gpus, readMs: new Map([['GPU-1', 0]]) }, 0);
  return ledger;
}

test('counters go on after a restart of the agent', () => {
  using node = start();
  expect(node.open().load()).toBeUndefined();
  node.open().save(countedLedger().save());
  expect(readdirSync(node.folder)).toEqual(['counters.json']);
  const { meter, gpuUse } = createLedger({ longestSpanMs: 60_000, saved: node.open().load() });
  expect(meter.read('7', [{ source: 'a', values: { cpu_seconds: 101 } }], 2000)).toEqual({
    cpu_seconds: 101,
    cpus_used: 0.5,
  });
  const gpus = new Map([['7', [{ uuid: 'GPU-1', values: {} }]]]);
  expect(gpuUse.add({ gpus, readMs: new Map() }, 5000).get('7')).toMatchObject({ gpu_held_seconds: 5 });
});

test('a run that ended is forgotten in all of them', () => {
  const ledger = countedLedger();
  ledger.runs.gone('7');
  ledger.runs.see('7', { hasLastingStep: () => true });
  const { meter, gpuUse, shares, runs } = ledger.save();
  expect([meter, gpuUse, shares.jobs, runs]).toEqual([{}, {}, {}, { '7': { isLasting: true } }]);
});

test('of before the last start of the node, only the power of its idle CPUs is still known', () => {
  using node = start();
  node.open().save(countedLedger().save());
  writeFileSync(`${node.path}${BOOT_ID}`, 'a000\n');
  expect(node.open().load()).toEqual({ nodeMeter: { idleWatts: 50 } });
  const { meter, nodeMeter } = createLedger({ longestSpanMs: 60_000, saved: node.open().load() });
  expect([meter.save(), nodeMeter.idleWatts()]).toEqual([{}, 50]);
  node.open().save(createLedger({ longestSpanMs: 60_000 }).save());
  writeFileSync(`${node.path}${BOOT_ID}`, 'b000\n');
  expect(node.open().load()).toBeUndefined();
});

test('a file that is broken or of another version is discarded', () => {
  using node = start();
  node.open().save(countedLedger().save());
  const file = `${node.folder}/counters.json`;
  for (const text of ['', '{"ver', 'null', '{"version":2,"bootId":"9d2f","ledger":{}}']) {
    writeFileSync(file, text);
    expect(node.open().load()).toBeUndefined();
  }
});

test('without a boot id nothing is kept', () => {
  using node = start('==> /proc/stat <==\n');
  node.open().save(countedLedger().save());
  expect(readdirSync(node.path)).toEqual(['proc']);
});
