import { expect, test } from 'bun:test';
import { PLAIN } from '../../src/report/paper.ts';
import { renderWasteText, type WasteReport } from '../../src/report/waste-text.ts';

const RANGE = { since: '2026-01-01T00:00:00.000Z', until: '2026-01-20T10:00:00.000Z' };

test('waste is printed with the share of each, and what was not measured is told apart', () => {
  const report: WasteReport = {
    ...{ group_by: 'user', ...RANGE, total: 5 },
    rows: [
      {
        ...{ name: 'somebody-with-a-very-long-name\u001b[31m', jobs: 12_000 },
        gpu_hours: { held: 200_000, unmeasured: 0, used: 50_000, wasted: 150_000, share: 0.75 },
        cpu_hours: { held: 9_000_000, unmeasured: 0, used: 8_000_000, wasted: 1_000_000, share: 1 },
      },
      { name: 'bob', jobs: 1, gpu_hours: { held: 4, unmeasured: 4 } },
      { jobs: 2, cpu_hours: { held: 4, unmeasured: 3, used: 1, wasted: 0 } },
    ],
    sum: {
      jobs: 12_003,
      gpu_hours: { held: 200_004, unmeasured: 4, used: 50_000, wasted: 150_000 },
      cpu_hours: { held: 9_000_004, unmeasured: 0, used: 8_000_001, wasted: 1_000_000 },
    },
  };
  const text = renderWasteText(report, PLAIN);
  expect(text).toMatchInlineSnapshot(`
    "Held, measured and not used by jobs that ended from 2026-01-01 to 2026-01-20
    10:00 UTC:

    user                jobs    GPU h  of all  used      CPU h  of all   used
    somebody-with-a…  12 000  150 000    75 %  25 %  1 000 000   100 %   89 %
    bob                    1
    none                   2                                 0          100 %

    200 004 GPU h held: 150 000 wasted, 50 000 used, 4 not measured.
    9 000 004 CPU h held: 1 000 000 wasted, 8 000 001 used.
    2 more rows wasted less; --limit shows more.
    "
  `);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('without GPUs there is memory, and without jobs a sentence', () => {
  const sum = { jobs: 1, memory_gb_hours: { held: 4, unmeasured: 0, used: 1, wasted: 3 } };
  const text = renderWasteText(
    { group_by: 'node', ...RANGE, total: 1, rows: [{ name: 'n1', ...sum }], sum },
    PLAIN,
  );
  expect(text).toContain('node  jobs  CPU h  of all  used  GB h  of all  used\n');
  expect(text).toContain('4 GB h held: 3 wasted, 1 used.\n');
  expect(renderWasteText({ group_by: 'node', ...RANGE, total: 0, rows: [], sum: { jobs: 0 } }, PLAIN)).toBe(
    'No job ended from 2026-01-01 to 2026-01-20 10:00 UTC.\n',
  );
});
