import { expect, test } from 'bun:test';
import { showConfig } from '../../src/cli/config.ts';
import { loadConfig } from '../../src/settings/load.ts';

function shown(args: readonly string[]): string {
  let text = '';
  showConfig(args, (part) => {
    text += part;
  });
  return text;
}

test.each([
  [[]],
  [['--port', '0', '--host', '::', '--sample-retention', 'keep', '--log-level', 'debug']],
  [['--database', '/srv/a "b" \\ c.db', '--max-body-bytes', '2048']],
])('what `config %j` prints is a file that --config takes', (args) => {
  const readFile = () => shown(args);
  const fromFile = loadConfig({ args: ['--config', 'printed.toml'], env: {}, readFile });
  expect(fromFile.config).toEqual(loadConfig({ args, env: {}, readFile }).config);
});

test('it says what auto means here', () => {
  const lineOf = (name: string, ...args: string[]) =>
    shown(args)
      .split('\n')
      .find((line) => line.startsWith(name))!;
  expect(lineOf('slurm ', '--slurm-bin', '/nowhere')).toMatch(
    /^slurm = "auto" +# default; here: off: there is no squeue in \/nowhere; --slurm-bin says where it is$/,
  );
  expect(lineOf('log_format')).toMatch(/^log_format = "auto" +# default; here: (text|json) /);
  expect(lineOf('slurm ', '--slurm', 'off')).toMatch(/# --slurm$/);
});

test('each line tells where its value came from', () => {
  const lines = shown(['--port', '9000']).trimEnd().split('\n');
  expect(lines.find((line) => line.startsWith('port'))).toMatch(/^port = 9000 +# --port$/);
  expect(lines.find((line) => line.startsWith('host'))).toMatch(/^host = "127\.0\.0\.1" +# default$/);
  expect(new Set(lines.map((line) => line.indexOf('#'))).size).toBe(1);
});
