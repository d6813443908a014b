import { expect, test } from 'bun:test';
import { energyOfWholeNodes } from '../../src/domain/energy.ts';

const cpusOf = (node: string) => ({ n1: 64, n2: 32, broken: 0 })[node];

test.each([
  ['all CPUs of one node', { joules: 900, cpus: 64, nodes: ['n1'] }, 900],
  ['all CPUs of nodes of different sizes', { joules: 900, cpus: 96, nodes: ['n1', 'n2'] }, 900],
  ['a part of a node', { joules: 900, cpus: 63, nodes: ['n1'] }, undefined],
  ['a part of one of its nodes', { joules: 900, cpus: 80, nodes: ['n1', 'n2'] }, undefined],
  ['a node of unknown size', { joules: 900, cpus: 640, nodes: ['n1', 'n3'] }, undefined],
  ['a node without CPUs', { joules: 900, cpus: 64, nodes: ['broken'] }, undefined],
  ['no measured energy', { joules: 0, cpus: 64, nodes: ['n1'] }, undefined],
  ['unknown energy', { joules: undefined, cpus: 64, nodes: ['n1'] }, undefined],
  ['an unknown number of CPUs', { joules: 900, cpus: undefined, nodes: ['n1'] }, undefined],
  ['no nodes', { joules: 900, cpus: 64, nodes: undefined }, undefined],
])('the energy of a run with %s', (_, consumed, expected) => {
  expect(energyOfWholeNodes(consumed, cpusOf)).toBe(expected);
});
