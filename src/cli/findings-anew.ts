import { formatCount } from '../domain/figures.ts';
import { defineCommand } from './command.ts';
import { askService } from './connection.ts';
import { PROOF_SETTINGS, requireProof } from './proof.ts';

export const findingsAnew = defineCommand({
  summary: 'Judge all ended runs anew by the rules of the running service',
  usage: ['findings anew [settings]'],
  examples: [
    [
      'findings anew',
      'After a correction of data; other rules or thresholds are applied at the start by themselves',
    ],
  ],
  settings: PROOF_SETTINGS,
  async run({ config, print }) {
    const { headers } = await requireProof(config);
    const jobs = await askService(config, (client) => client.judgeAnew(), { headers: await headers() });
    print(`${formatCount(jobs, 'ended job')} are judged anew in the background, about 1,000 a second.\n`);
    return 0;
  },
});
