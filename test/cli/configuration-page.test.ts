import { expect, test } from 'bun:test';
import { renderSetting } from '../../src/cli/configuration-page.ts';
import { SETTINGS } from '../../src/settings/table.ts';
import { TOKEN } from '../settings/token.ts';

test('a setting is documented with its flag, variable, key and default', () => {
  expect(renderSetting(SETTINGS.port, ['serve', 'slurm check'])).toBe(
    '| `--port NUMBER` | `HPC_OBSERVE_PORT` | `port` | `8080` | Port to listen on; 0 picks a free one ' +
      '| a whole number from 0 to 65535 | `serve`, `slurm check` |\n',
  );
});

test('a secret is documented as the path of its file, without a default', () => {
  expect(renderSetting(TOKEN, ['serve'])).toBe(
    '| `--api-token-file FILE` | `HPC_OBSERVE_API_TOKEN_FILE` | `api_token_file` |  ' +
      '| The token (read from the file) | at least 8 characters | `serve` |\n',
  );
});
