import { expect, test } from 'bun:test';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createPmCounters, parseJoules } from '../../../src/agent/collectors/pm-counters.ts';
import { createRapl } from '../../../src/agent/collectors/rapl.ts';
import { readText } from '../../../src/agent/file.ts';
import { pathsUnder } from '../../../src/agent/paths.ts';
import { unpackTree } from '../../help/captured-tree.ts';

const ZONES = '/sys/class/powercap';
const zone = (path: string, name: string, microjoules: number, range = 262_143_328_850) =>
  `==> ${ZONES}/${path}/name <==\n${name}\n==> ${ZONES}/${path}/energy_uj <==\n${microjoules}\n` +
  `==> ${ZONES}/${path}/max_energy_range_uj <==\n${range}\n`;

/** Two processors with their cores and memory, the whole board, and the same package by another way. */
const TWO_PACKAGES = [
  zone('intel-rapl', '', 0),
  zone('intel-rapl:0', 'package-0', 5_000_000),
  zone('intel-rapl:0:0', 'dram', 900_000_000),
  zone('intel-rapl:0:1', 'core', 800_000_000),
  zone('intel-rapl:1', 'package-1', 7_000_000, 65_532_610_987),
  zone('intel-rapl:1:0', 'dram', 700_000_000),
  zone('intel-rapl:2', 'psys', 600_000_000),
  zone('intel-rapl-mmio:0', 'package-0', 5_000_000),
].join('');

test('energy is that of the packages, without what is inside of them or contains them', () => {
  using node = unpackTree(TWO_PACKAGES);
  const read = createRapl(pathsUnder(node.path), readText);
  expect(read()).toEqual([
    { name: 'package-0', joules: 5, wrapJoules: 262_143.32885 },
    { name: 'package-1', joules: 7, wrapJoules: 65_532.610987 },
  ]);
});

test('processors of two dies have a counter for each', () => {
  using node = unpackTree(
    zone('intel-rapl:0', 'package-0-die-0', 1e6) + zone('intel-rapl:1', 'package-0-die-1', 2e6),
  );
  const counters = createRapl(pathsUnder(node.path), readText)();
  expect(counters.map(({ joules }) => joules)).toEqual([1, 2]);
});

test('the energy of one of two processors is that of none, and a node without counters has none', () => {
  using node = unpackTree(TWO_PACKAGES);
  const read = createRapl(pathsUnder(node.path), readText);
  read();
  rmSync(`${node.path}${ZONES}/intel-rapl:1/energy_uj`);
  expect(read()).toEqual([]);
  using empty = unpackTree('==> /proc/stat <==\n');
  expect(createRapl(pathsUnder(empty.path), readText)()).toEqual([]);
});

test('a counter that may not be read says so', () => {
  using node = unpackTree(TWO_PACKAGES);
  const denied = (path: string) => {
    if (path.endsWith('energy_uj')) throw Object.assign(new Error(`EACCES: ${path}`), { code: 'EACCES' });
    return readText(path);
  };
  expect(createRapl(pathsUnder(node.path), denied)).toThrow('EACCES');
});

const PM = '/sys/cray/pm_counters';
const pmTree = `==> ${PM}/energy <==\n61318373 J 1677671800613451 us\n==> ${PM}/freshness <==\n102\n==> ${PM}/power <==\n184 W\n`;

test('the energy of a node of Cray is read with its update, and not while the counters stand still', () => {
  using node = unpackTree(pmTree);
  const read = createPmCounters(pathsUnder(node.path), readText);
  const set = (name: string, text: string) => writeFileSync(`${node.path}${PM}/${name}`, text);
  expect(read(0)).toEqual([{ name: 'node', joules: 61_318_373 }]);
  expect(read(1999)).toHaveLength(1);
  expect(() => read(15_000)).toThrow('has not changed for 15 s');
  set('freshness', '103\n');
  set('energy', '61318400 J\n');
  expect(read(16_000)).toEqual([{ name: 'node', joules: 61_318_400 }]);
});

test('an update between two files is read again', () => {
  using node = unpackTree(pmTree);
  let freshness = 5;
  let reads = 0;
  const readFile = (path: string) => {
    reads++;
    if (path.endsWith('freshness')) return `${reads < 4 ? freshness++ : freshness}\n`;
    return readText(path);
  };
  expect(createPmCounters(pathsUnder(node.path), readFile)(0)).toHaveLength(1);
  expect(reads).toBe(6);
});

test('other nodes have no such counters, and other texts are none', () => {
  using node = unpackTree('==> /proc/stat <==\n');
  mkdirSync(`${node.path}${PM}`, { recursive: true });
  expect(createPmCounters(pathsUnder(node.path), readText)(0)).toEqual([]);
  expect(['12 W', '-1 J', '', undefined, '12J', '7 J'].map(parseJoules)).toEqual([
    ...Array(5).fill(undefined),
    7,
  ]);
});
