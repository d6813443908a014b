import { createAsker } from './asker.ts';
import { defineCommand } from './command.ts';
import { PROOF_SETTINGS } from './proof.ts';

const digestCommand = (wanted: boolean) =>
  defineCommand({
    summary: wanted
      ? 'Get the weekly digest of your jobs again'
      : 'Get no weekly digest of your jobs any more',
    usage: [`digest ${wanted ? 'on' : 'off'} [settings]`],
    examples: [
      wanted
        ? ['digest on', 'Have it again from next week on']
        : ['digest off', 'As the link in the mail does'],
    ],
    settings: PROOF_SETTINGS,
    async run({ config, print }) {
      const ask = await createAsker(config);
      await ask((client) => client.saveDigestWish(wanted));
      print(
        wanted
          ? 'You get the weekly digest, where the site sends one.\n'
          : 'You get no weekly digest any more. hpc-observe digest on brings it back.\n',
      );
      return 0;
    },
  });

export const digestOn = digestCommand(true);
export const digestOff = digestCommand(false);
