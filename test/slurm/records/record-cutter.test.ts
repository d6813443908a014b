import { expect, test } from 'bun:test';
import { recordCutter } from '../../../src/slurm/records/record-cutter.ts';
import { UnreadableRecords } from '../../../src/slurm/records/unreadable.ts';

test('records are the same, however the output is cut into pieces', () => {
  const output = 'a|;\nb\n|;\n|;\nrest';
  for (let length = 1; length <= output.length; length++) {
    const cutter = recordCutter('|;\n', new UnreadableRecords());
    const records: string[] = [];
    for (let at = 0; at < output.length; at += length)
      records.push(...cutter.cut(output.slice(at, at + length)));
    expect([records, cutter.takeRest(), cutter.takeRest()]).toEqual([['a', 'b\n', ''], 'rest', '']);
  }
});

test('a record of more than 4 MiB is dropped and counted, and the next ones are read', () => {
  const unreadable = new UnreadableRecords();
  const cutter = recordCutter('\n', unreadable);
  const piece = 'x'.repeat(1024 * 1024);
  for (let pieces = 0; pieces < 5; pieces++) expect(cutter.cut(piece)).toEqual([]);
  expect(unreadable.count).toBe(1);
  expect(unreadable.examples[0]).toEndWith(': It is longer than 4194304 characters.');
  expect(cutter.cut('y\nz\n')).toEqual(['y', 'z']);
});
