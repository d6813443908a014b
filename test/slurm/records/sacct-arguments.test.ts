import { expect, test } from 'bun:test';
import { sacctArguments, sacctColumns } from '../../../src/slurm/records/sacct-arguments.ts';
import { readFixture } from '../fixture.ts';

test('only columns that this sacct has are requested', () => {
  const help = readFixture('helpformat.txt');
  expect(help.split(/\s+/)).toEqual(expect.arrayContaining(sacctColumns(help)));
  expect(sacctColumns(help)).not.toContain('Restarts');
  expect(sacctColumns(`${help}Restarts`)).toContain('Restarts');
});

test('sacct is called for job ids or for a span of time', () => {
  const span = { fromMs: Date.UTC(2026, 0, 2), toMs: Date.UTC(2026, 0, 3, 4, 5, 6, 7) };
  expect(sacctArguments(['JobIDRaw', 'State'], '|x|', { ids: ['7', '8'] })).toEqual([
    ...['-a', '-X', '-D', '-p', '--delimiter=|x|', '-j', '7,8', '-o', 'JobIDRaw,State'],
  ]);
  expect(sacctArguments(['JobIDRaw'], '|x|', span)).toEqual(
    expect.arrayContaining(['-S', '2026-01-02T00:00:00', '-E', '2026-01-03T04:05:06']),
  );
});
