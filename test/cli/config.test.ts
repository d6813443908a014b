import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { describeValue } from '../../src/cli/config.ts';
import { HIDDEN } from '../../src/settings/load.ts';
import { runLine } from '../help/command.ts';
import { temporaryFolder } from '../help/folder.ts';

const shown = async (...args: readonly string[]): Promise<string> =>
  (await runLine(['config', ...args])).output;
const withoutOrigins = (text: string) => text.replaceAll(/ +# .*$/gm, '');

test.each([
  [[]],
  [['--port', '0', '--host', '::', '--sample-retention', 'keep', '--log-level', 'debug']],
  [['--database', '/srv/a "b" \\ c.db', '--max-body-bytes', '2048']],
])('what `config %j` prints is a file that --config accepts', async (args) => {
  using folder = temporaryFolder();
  const printed = await shown(...args);
  writeFileSync(folder.file('printed.toml'), printed);
  const again = await shown('--config', folder.file('printed.toml'));
  expect(withoutOrigins(again)).toBe(withoutOrigins(printed));
  expect(again).not.toContain('# default');
});

test('config explains what auto means on this machine', async () => {
  const lineOf = async (name: string, ...args: string[]) =>
    (await shown(...args)).split('\n').find((line) => line.startsWith(name))!;
  expect(await lineOf('slurm ', '--slurm-bin', '/nowhere')).toMatch(
    /^slurm = "auto" +# default; here: off: there is no squeue in \/nowhere; set its folder with --slurm-bin$/,
  );
  expect(await lineOf('log_format')).toMatch(/^log_format = "auto" +# default; here: (text|json) /);
  expect(await lineOf('slurm ', '--slurm', 'off')).toMatch(/# --slurm$/);
});

test('config shows where each value came from', async () => {
  const lines = (await shown('--port', '9000')).trimEnd().split('\n');
  expect(lines.find((line) => line.startsWith('port'))).toMatch(/^port = 9000 +# --port$/);
  expect(lines.find((line) => line.startsWith('host'))).toMatch(/^host = "127\.0\.0\.1" +# default$/);
  expect(new Set(lines.map((line) => line.indexOf('#'))).size).toBe(1);
});

test('config shows that a secret is set, not its value', () => {
  expect(describeValue('api-token', { text: HIDDEN, origin: 'HPC_OBSERVE_API_TOKEN' })).toBe(
    '# api_token is secret',
  );
});
