import { defineCommand } from './command.ts';
import { askService } from './connection.ts';
import { PROOF_SETTINGS, requireProof } from './proof.ts';

export const sessionRevoke = defineCommand({
  summary: 'End all sessions of a user at once',
  usage: ['session revoke USER [settings]'],
  examples: [['session revoke alice', 'Sign alice out of all browsers and programs']],
  settings: PROOF_SETTINGS,
  operands: ['USER'],
  async run({ config, operands, print }) {
    const [user = ''] = operands;
    const { headers } = await requireProof(config);
    const ended = await askService(config, (client) => client.revokeSessions(user), {
      headers: await headers(),
    });
    print(`${ended} ${ended === 1 ? 'session' : 'sessions'} of ${user} ended.\n`);
    return 0;
  },
});
