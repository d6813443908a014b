import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { readHeader, splitRecord } from '../../../src/slurm/records/sacct-columns.ts';

/** The columns of `sacct --format=ALL` in 24.11, without some that are not read. */
const NAMES =
  'Account|AdminComment|AllocCPUS|AllocTRES|Cluster|Comment|DerivedExitCode|Elapsed|ElapsedRaw|Eligible|End|ExitCode|Extra|Flags|GID|JobID|JobIDRaw|JobName|Layout|NCPUS|NNodes|NodeList|Partition|QOS|Reason|Restarts|SLUID|Start|State|StdErr|StdIn|StdOut|Submit|SubmitLine|Suspended|SystemComment|SystemCPU|Timelimit|TotalCPU|UID|User|UserCPU|WorkDir';
const HEADER = readHeader(NAMES, undefined);
const PLAIN =
  'physics||1|billing=1,cpu=1|testbed||0:0|00:00:25|25|2026-11-24T22:18:17|2026-11-24T22:18:44|0:0||SchedMain|1001|1|1|name||1|1|node01|debug|normal|None|0|sC4HM87T6T2P00|2026-11-24T22:18:19|COMPLETED||/dev/null|/o|2026-11-24T22:18:17|sbatch x|00:00:00||00:00.065|00:10:00|00:10.628|1001|alice|00:10.563|/home'.split(
    '|',
  );
const at = (name: string) => HEADER.names.indexOf(name);
const FREE = [
  'AdminComment',
  'Comment',
  'Extra',
  'JobName',
  'StdErr',
  'StdIn',
  'StdOut',
  'SubmitLine',
  'SystemComment',
];

test('a record without separators in its texts is cut at each separator', () => {
  expect(splitRecord(PLAIN.join('|'), HEADER)).toEqual(PLAIN);
});

test('separators in free texts do not shift the other columns', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', ' ', ':', '0', '/', '|', '|'), maxLength: 12 });
  let found = 0;
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...FREE), text, { maxKeys: 4 }), (texts) => {
      const columns = PLAIN.map((column, place) => texts[HEADER.names[place]!] ?? column);
      const cut = splitRecord(columns.join('|'), HEADER);
      // Texts may look like columns: the record is then unreadable, never another job.
      if (!cut) return;
      found++;
      for (const name of [
        'JobIDRaw',
        'NodeList',
        'Start',
        'End',
        'State',
        'ExitCode',
        'User',
        'WorkDir',
        'SLUID',
      ])
        expect([name, cut![at(name)]]).toEqual([name, columns[at(name)]]);
    }),
    { numRuns: 2000, seed: 7 },
  );
  expect(found).toBeGreaterThan(1900);
});

test('a record of separators alone is given up within seconds', () => {
  const startMs = performance.now();
  for (let time = 0; time < 5; time++) expect(splitRecord('|'.repeat(1000), HEADER)).toBeUndefined();
  expect(splitRecord('|'.repeat(100_000), HEADER)).toBeUndefined();
  expect(performance.now() - startMs).toBeLessThan(5000);
});
