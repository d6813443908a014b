import { defineCommand } from './command.ts';
import { askService } from './connection.ts';
import { PROOF_SETTINGS, type ProofConfig, requireProof } from './proof.ts';

export const login = defineCommand({
  summary: 'Print a link that signs a browser in as you',
  usage: ['login [settings]'],
  examples: [
    ['login', 'On the machine of the service'],
    ['login --server http://head01:8080', 'On another machine of the cluster, by MUNGE'],
  ],
  settings: PROOF_SETTINGS,
  async run({ config, print }) {
    print(`${await createLink(config)}\n`);
    process.stderr.write('Open this link within a minute. It works once.\n');
    return 0;
  },
});

/** The link alone goes to stdout, for programs that open it. */
async function createLink(config: ProofConfig): Promise<string> {
  const { headers } = await requireProof(config);
  return askService(config, (client) => client.createSignInLink(), { headers: await headers() });
}
