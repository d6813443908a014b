import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OperatorError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';
import { renderDashboards } from '../grafana/dashboards.ts';
import { defineCommand } from './command.ts';

/** Where the pages are unless somebody says otherwise. */
const PAGES = 'http://localhost:8080';

export const grafana = defineCommand({
  summary: 'Write dashboards for Grafana to a folder',
  usage: ['grafana FOLDER [--public-url URL]'],
  examples: [
    [
      'grafana /var/lib/grafana/dashboards/hpc --public-url https://head01:8080',
      'Write them where Grafana provisions them; they link to the pages at this address',
    ],
  ],
  settings: ['publicUrl'],
  operands: ['FOLDER'],
  async run({ config: { publicUrl }, operands, print }) {
    const folder = resolve(operands[0]!);
    const dashboards = renderDashboards(publicUrl ?? PAGES);
    try {
      mkdirSync(folder, { recursive: true });
      for (const [name, text] of dashboards) writeFileSync(join(folder, name), text);
    } catch (error) {
      throw new OperatorError(
        `The dashboards cannot be written to ${folder}: ${explainSystemError(error)}.`,
        {
          cause: error,
        },
      );
    }
    print(
      `${[...dashboards.keys()].join(', ')} are in ${folder}. Import them in Grafana, or provision the folder (docs/grafana.md).\n` +
        (publicUrl === null
          ? `They link to the pages at ${PAGES}. If people find them elsewhere, name the address with --public-url.\n`
          : ''),
    );
    return 0;
  },
});
