import { UsageError } from '../domain/errors.ts';
import { renderSeff, renderSeffTable } from '../report/seff.ts';
import { createAsker } from './asker.ts';
import { defineCommand } from './command.ts';
import { PROOF_SETTINGS } from './proof.ts';

/** More ids than anybody types. */
const MAX_JOBS = 100;

export const seff = defineCommand({
  summary: 'Print the efficiency of jobs as seff and reportseff do',
  usage: ['seff ID[,ID...] [settings]'],
  examples: [
    ['seff 4711', 'One job, as seff prints it'],
    ['seff 4711,4712,4713', 'A table, as reportseff prints it'],
  ],
  settings: PROOF_SETTINGS,
  operands: ['ID'],
  async run({ config, operands, print }) {
    const ids = operands[0]!.split(',').filter((id) => id !== '');
    if (ids.length === 0 || ids.length > MAX_JOBS)
      throw new UsageError(`Name 1 to ${MAX_JOBS} jobs, with commas between them.`);
    const ask = await createAsker(config);
    const runs = [];
    for (const id of ids) {
      const job = await ask((client) => client.getJob(id));
      runs.push({ job, summary: await ask((client) => client.summarizeJob(id)) });
    }
    const [first] = runs;
    print(runs.length === 1 ? renderSeff(first!, Date.now()) : renderSeffTable(runs, Date.now()));
    return 0;
  },
});
