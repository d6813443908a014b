import { expect, test } from 'bun:test';
import { OperatorError } from '../../src/domain/errors.ts';
import { Faults } from '../../src/settings/faults.ts';
import { HIDDEN, loadSettings } from '../../src/settings/load.ts';
import type { SettingTable } from '../../src/settings/setting.ts';
import { TOKEN } from './token.ts';

const TABLE = {
  token: TOKEN,
  port: { name: 'port', takes: 'NUMBER', otherwise: '1', help: '', expects: 'a number', parse: Number },
} satisfies SettingTable;

interface Given {
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
}

function load({ args = [], env = {}, files = {} }: Given) {
  const faults = new Faults();
  const readFile = (path: string) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' });
    return text;
  };
  const loaded = loadSettings(TABLE, ['token', 'port'], {}, { args, env, readFile }, faults);
  faults.throwIfAny();
  return loaded;
}

const SECRET = 'correct horse';
const GIVEN: [how: string, given: Given, origin: string][] = [
  ['its variable', { env: { HPC_OBSERVE_API_TOKEN: SECRET } }, 'HPC_OBSERVE_API_TOKEN'],
  [
    'a file that a variable names',
    { env: { HPC_OBSERVE_API_TOKEN_FILE: '/run/token' }, files: { '/run/token': `${SECRET}\n` } },
    'HPC_OBSERVE_API_TOKEN_FILE (/run/token)',
  ],
  [
    'a file that a flag names',
    { args: ['--api-token-file', '/run/token'], files: { '/run/token': SECRET } },
    '--api-token-file (/run/token)',
  ],
  [
    'a file that the configuration names',
    {
      args: ['--config', '/etc/c.toml'],
      files: { '/etc/c.toml': 'api_token_file = "/run/token"', '/run/token': `${SECRET}\r\n` },
    },
    'api_token_file in /etc/c.toml (/run/token)',
  ],
  [
    'the configuration',
    { args: ['--config', '/etc/c.toml'], files: { '/etc/c.toml': `api_token = "${SECRET}"` } },
    'api_token in /etc/c.toml',
  ],
];
test.each(GIVEN)(
  'a secret is read from %s, and what is shown of it is only its origin',
  (_, given, origin) => {
    const { config, origins } = load(given);
    expect(config.token).toBe(SECRET);
    expect(origins.get('api-token')).toEqual({ text: HIDDEN, origin });
  },
);

test('a flag comes before a variable, also where one of them names a file', () => {
  const { config } = load({
    args: ['--api-token-file', '/run/token'],
    env: { HPC_OBSERVE_API_TOKEN: 'another one' },
    files: { '/run/token': SECRET },
  });
  expect(config.token).toBe(SECRET);
});

test('no secret is no fault', () => {
  expect(load({}).config.token).toBeNull();
});

const REFUSED: [what: string, given: Given, message: string][] = [
  [
    'as a flag, which others could see',
    { args: ['--api-token', SECRET] },
    '--api-token is not a flag, because others could read its value in the list of processes. Write it to a file and give --api-token-file FILE.',
  ],
  [
    'that is not valid, without quoting it',
    { env: { HPC_OBSERVE_API_TOKEN: 'short' } },
    'HPC_OBSERVE_API_TOKEN must be at least 8 characters, not (secret).',
  ],
  ['as a stray word', { args: ['--port', '1', SECRET] }, 'Only flags are expected here; see --help.'],
  [
    'without quotes in the configuration, without repeating it',
    { args: ['--config', '/c.toml'], files: { '/c.toml': 'api_token = hunter2hunter2' } },
    '/c.toml is not valid TOML: Strings must be quoted.',
  ],
  [
    'in a file that is missing',
    { env: { HPC_OBSERVE_API_TOKEN_FILE: '/run/none' } },
    '/run/none cannot be read: there is no such file or folder.',
  ],
  [
    'that is given twice',
    { env: { HPC_OBSERVE_API_TOKEN: SECRET, HPC_OBSERVE_API_TOKEN_FILE: '/t' }, files: { '/t': SECRET } },
    'HPC_OBSERVE_API_TOKEN and HPC_OBSERVE_API_TOKEN_FILE cannot both be given.',
  ],
];
test.each(REFUSED)('a secret %s is refused', (_, given, message) => {
  expect(() => load(given)).toThrow(OperatorError);
  expect(() => load(given)).toThrow(new RegExp(`^${message.replaceAll(/[().?]/g, '\\$&')}$`));
});

test('a setting that is not a secret cannot be read from a file of its own', () => {
  expect(() => load({ env: { HPC_OBSERVE_PORT_FILE: '/p' } })).toThrow(
    'HPC_OBSERVE_PORT_FILE is not a known variable',
  );
});
