import { describe, expect } from 'bun:test';
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expandNodes } from '../../src/domain/nodelist.ts';
import { temporaryFolder } from '../help/folder.ts';
import { testWith } from '../help/tool.ts';

const testWithSlurm = testWith(['scontrol']);

const LISTS = [
  'login1',
  'n[1-3]',
  'n[01-03,7]',
  'n[08-11,3]',
  'n[1-010]',
  'n[099-101]',
  'n[1-3,2],n2,n2',
  '[1-3]',
  '[01-02][3-4]',
  'r[1-2]n[01-03],login1',
  'r[1-2,2]n[2,1]',
  'a[1-2]b[1]c[1-2]',
  'a[1-2]b[1-3]c[1-2]d[1-4]',
  'a[1-2]b[1-3]c[1]',
  'n.[1-2],x-y_z,m1',
  ' n1 , n2\tn[3-4] ',
  ',n1,,n2,',
  'ö[1-2]',
  'n00000000000000000001,n[001]',
  'r[1-300]n[1-300]',
  'n[1-60000],m[1-40000]',
];

/** Runs `scontrol show hostnames`, which needs a configuration but no daemon. */
function startScontrol() {
  const folder = temporaryFolder();
  const path = folder.file('slurm.conf');
  writeFileSync(path, 'ClusterName=test\nSlurmctldHost=nowhere\n');
  return {
    expand(list: string): string[] {
      const env = { PATH: process.env.PATH, SLURM_CONF: path };
      const { stdout, stderr } = Bun.spawnSync(['scontrol', 'show', 'hostnames', list], {
        env,
        timeout: 20_000,
      });
      expect(stderr.toString(), list).toBe('');
      return stdout.toString().split('\n').filter(Boolean);
    },
    [Symbol.dispose]: folder[Symbol.dispose],
  };
}

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

const number = fc.oneof(fc.nat(12), fc.nat(1200), fc.constantFrom(9, 99, 999, 9999));
const range = fc.tuple(number, fc.integer({ min: 1, max: 4 }), fc.nat(5)).map(([first, count, width]) => {
  const text = String(first).padStart(width, '0');
  return count === 1 ? text : `${text}-${first + count - 1}`;
});
const brackets = fc.array(range, { minLength: 1, maxLength: 3 }).map((ranges) => `[${ranges}]`);
/** Names do not start with a hyphen, which scontrol would take for an option. */
const word = fc
  .tuple(
    fc.constantFrom('n', 'r', '_', '0', '9'),
    fc.string({ unit: fc.constantFrom('n', 'x', '-', '.', '0', '1'), maxLength: 4 }),
  )
  .map((parts) => parts.join(''));
/** Slurm 22.05 accepts no text after the last bracket of a name. */
const bracketed = fc
  .array(fc.tuple(fc.oneof(word, fc.constant('')), brackets), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.flat().join(''));
const list = fc.array(fc.oneof(word, bracketed), { minLength: 1, maxLength: 5 }).map((names) => names.join());

describe(`node lists, SEED=${seed}`, () => {
  testWithSlurm('node lists are expanded as scontrol expands them', () => {
    using scontrol = startScontrol();
    for (const text of [...LISTS, ...fc.sample(list, { seed, numRuns: 300 })]) {
      expect(expandNodes(text), text).toEqual(scontrol.expand(text));
    }
  });
});
