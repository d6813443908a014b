import { describe, expect, test } from 'bun:test';
import { createSacctReader } from '../../../src/slurm/records/sacct.ts';
import { readNodeCpus } from '../../../src/slurm/records/sinfo.ts';
import { readFixture } from '../fixture.ts';

const NOW_MS = 1_795_480_000_000;
const COLUMNS = ['JobIDRaw', 'State', 'Start', 'End', 'NodeList', 'AllocTRES', 'ConsumedEnergyRaw'];
const cpusOf = (node: string) => (node.startsWith('n') ? 64 : undefined);

function energyOf(fields: Partial<Record<string, string>>) {
  const record: Record<string, string> = {
    JobIDRaw: '7',
    State: 'COMPLETED',
    Start: '1795470000',
    End: '1795470600',
    NodeList: 'n[1-2]',
    AllocTRES: 'billing=128,cpu=128,mem=100G,node=2',
    ConsumedEnergyRaw: '480000',
  };
  const row = COLUMNS.map((column) => fields[column] ?? record[column]).join('|');
  const reader = createSacctReader(NOW_MS, { cpusOf });
  const [report] = [...reader.read(`${COLUMNS.join('|')}\n${row}\n`), ...reader.finish()];
  expect(reader.unreadable.examples).toEqual([]);
  expect(report!.energyMethod).toBe(report!.energyJoules === undefined ? undefined : 'slurm');
  return report!.energyJoules;
}

test('a run that had whole nodes has the energy of Slurm', () => {
  expect(energyOf({})).toBe(480_000);
  expect(
    energyOf({ ConsumedEnergyRaw: '', AllocTRES: 'billing=128,cpu=128,energy=480001,mem=100G,node=2' }),
  ).toBe(480_001);
});

test.each([
  ['the nodes were shared', { AllocTRES: 'billing=2,cpu=2,mem=1G,node=2' }],
  ['nothing measured it', { ConsumedEnergyRaw: '0' }],
  ['Slurm has no value', { ConsumedEnergyRaw: '18446744073709551614' }],
  ['Slurm has no value for the run', { ConsumedEnergyRaw: '' }],
  ['the run goes on', { State: 'RUNNING', End: 'Unknown' }],
  ['its nodes are unknown to sinfo', { NodeList: 'gone[1-2]' }],
  ['its size changed', { State: 'RESIZING' }],
])('the energy is absent where %s', (_, fields) => {
  expect(energyOf(fields)).toBeUndefined();
});

test('every node of sinfo has its CPUs, also one of several partitions', () => {
  expect(readNodeCpus('node01|64\nnode01|64\n gpu1|128 \nodd\nnone|0\n')).toEqual(
    new Map([
      ['node01', 64],
      ['gpu1', 128],
    ]),
  );
});

describe.each(['', '24.11/', '26.05/'])('the recorded energies of Slurm %s', (version) => {
  test('of nodes without a meter are absent, even of runs with all CPUs', () => {
    const reader = createSacctReader(NOW_MS, { cpusOf: () => 1 });
    const reports = [...reader.read(readFixture(`${version}sacct-energy.txt`)), ...reader.finish()];
    expect(reader.unreadable.examples).toEqual([]);
    expect(reports.length).toBeGreaterThan(2);
    expect(reports.filter(({ energyJoules }) => energyJoules !== undefined)).toEqual([]);
  });
});
