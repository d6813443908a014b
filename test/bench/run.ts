import { cpus, release, totalmem } from 'node:os';
import { $ } from 'bun';
import { measurePosts } from './post.ts';
import { type Row, renderRows } from './row.ts';
import { measureScrapes } from './scrape.ts';

// `run bench` prints the budgets of the design as ratios, each against a floor measured in the same run.

await $`bun build.ts`;
const rows: Row[] = [];
if (Bun.which('wrk')) rows.push(await measurePosts({ rounds: 5, seconds: 4 }));
else console.error('SKIPPED one-sample POSTs: install wrk.');
rows.push(...(await measureScrapes({ jobs: 20_000, rounds: 15 })));
console.log(renderRows(rows));
console.log(
  `${cpus().length} cores of ${cpus()[0]!.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ` +
    `Linux ${release()}, Bun ${Bun.version}`,
);
