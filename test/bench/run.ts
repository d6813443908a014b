import { parseArgs } from 'node:util';
import { $ } from 'bun';
import { FULL, GROUPS, QUICK, type Size } from './groups.ts';
import { describeMachine } from './machine.ts';
import { type Row, renderRows } from './row.ts';

const HELP = `Measures the budgets, most of them as ratios to a floor or a peer measured in the same run, and prints one table.

  bun run bench                     everything, about 25 minutes
  bun run bench --quick             a tenth of everything, under 4 minutes: shows that all rows work; its times mean little
  bun run bench --only posts,lists  only these groups of rows: ${Object.keys(GROUPS).join(', ')}
  bun run bench --soak              10 minutes of the soak test instead of one

A budget that is not held is a figure like any other: the exit code is 1 only if a measurement failed.
Databases of up to 1.1 GB are built once in the system's temporary folder and kept there.`;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    soak: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(GROUPS).join(',') },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const names = options.only.split(',');
const unknown = names.filter((name) => !(name in GROUPS));
if (unknown.length > 0) {
  console.error(
    `Unknown groups of rows: ${unknown.join(', ')}. --only accepts ${Object.keys(GROUPS).join(', ')}.`,
  );
  process.exit(2);
}
const size: Size = { ...(options.quick ? QUICK : FULL), ...(options.soak && { soakSeconds: 600 }) };

await $`bun build.ts`;
const rows: Row[] = [];
for (const name of names) {
  const startedMs = performance.now();
  try {
    rows.push(...(await GROUPS[name]!(size)));
  } catch (error) {
    console.error(`${name}: the measurement failed.`, error);
    process.exitCode = 1;
  }
  console.error(`${name}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}
console.log(renderRows(rows));
console.log(describeMachine());
