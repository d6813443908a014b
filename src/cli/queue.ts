import { renderQueueText } from '../report/queue-text.ts';
import { createAsker } from './asker.ts';
import { defineCommand } from './command.ts';
import { PROOF_SETTINGS } from './proof.ts';
import { paperOf } from './terminal.ts';

export const queue = defineCommand({
  summary: 'Print who waits, by partition and by reason',
  usage: ['queue [--json] [settings]'],
  examples: [
    ['queue', 'The jobs that you may see'],
    ['queue --json', 'For programs: the answer of GET /v1/queue'],
  ],
  settings: PROOF_SETTINGS,
  flags: { json: { help: 'Print JSON: the answer of GET /v1/queue' } },
  async run({ config, env, flags, print }) {
    const ask = await createAsker(config);
    const answer = await ask((client) => client.getQueue());
    print(
      flags.has('json')
        ? `${JSON.stringify(answer)}\n`
        : renderQueueText(answer, paperOf(env, process.stdout)),
    );
    return 0;
  },
});
