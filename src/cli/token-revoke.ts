import { defineCommand } from './command.ts';
import { TOKEN_SETTINGS, useTokens } from './tokens.ts';

export const tokenRevoke = defineCommand({
  summary: 'Revoke a token, which is refused at once',
  usage: ['token revoke NAME [settings]'],
  examples: [['token revoke grafana', 'Programs that send this token are answered 401 from now on']],
  settings: TOKEN_SETTINGS,
  operands: ['NAME'],
  async run({ config, operands, print }) {
    const [name = ''] = operands;
    await useTokens(config, ({ revoke }) => revoke(name));
    print(`The token ${name} is revoked.\n`);
    return 0;
  },
});
