import { parseArgs } from 'node:util';
import { $ } from 'bun';
import { FULL, GROUPS, QUICK, type Size } from './groups.ts';
import { describeMachine } from './machine.ts';
import { type Row, renderRows } from './row.ts';

// `run bench` prints the budgets of the design as ratios, each against a floor measured in the same run.
//   --quick          a tenth of everything: to see that it works, not for its times
//   --only NAME,...  only these groups of rows
//   --soak           ten minutes at full speed instead of one
// A budget that is not held is a figure like any other; the exit code is 1 only when something was measured wrong.

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    soak: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(GROUPS).join(',') },
  },
});
const names = options.only.split(',');
const unknown = names.filter((name) => !(name in GROUPS));
if (unknown.length > 0) {
  console.error(`No such rows: ${unknown.join(', ')}. There are: ${Object.keys(GROUPS).join(', ')}.`);
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
    console.error(`${name}: measured wrong.`, error);
    process.exitCode = 1;
  }
  console.error(`${name}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}
console.log(renderRows(rows));
console.log(describeMachine());
