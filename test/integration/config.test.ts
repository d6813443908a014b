import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { version } from '../../package.json';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';

test('flags override variables, variables the file, and the file defaults, and config names the origin of each value', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('site.toml'), 'port = 1001\nhost = "127.0.0.2"\nlog_level = "warn"\n');
  const env = { HPC_OBSERVE_PORT: '1002', HPC_OBSERVE_HOST: '127.0.0.3' };
  const { exitCode, stdout, stderr } = await runExecutable(
    ['config', '--config', 'site.toml', '--port', '1003'],
    { folder: folder.path, env },
  );
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^port = 1003 +# --port$/m);
  expect(stdout).toMatch(/^host = "127\.0\.0\.3" +# HPC_OBSERVE_HOST$/m);
  expect(stdout).toMatch(/^log_level = "warn" +# log_level in site\.toml$/m);
  expect(stdout).toMatch(/^sample_retention = "30d" +# default$/m);
});

test('config prints a file that --config accepts with the same values', async () => {
  using folder = temporaryFolder();
  const args = [
    '--port',
    '7',
    '--database',
    './a "b".db',
    '--job-retention',
    '2y',
    '--max-body-bytes',
    '2048',
  ];
  const first = await runExecutable(['config', ...args], { folder: folder.path });
  writeFileSync(folder.file('printed.toml'), first.stdout);
  const second = await runExecutable(['config', '--config', 'printed.toml'], { folder: folder.path });
  expect(second.stderr).toBe('');
  const values = (text: string) => text.replaceAll(/ +# .*$/gm, '');
  expect(values(second.stdout)).toBe(values(first.stdout));
  expect(second.stdout).toMatch(/^database = "\.\/a \\"b\\"\.db"/m);
});

test('all faults of a configuration are reported at once, each with its origin', async () => {
  using folder = temporaryFolder();
  writeFileSync(
    folder.file('bad.toml'),
    'colour = "red"\nlog-level = "warn"\nended_series = "soon"\n[host]\nname = 1\n',
  );
  const env = { HPC_OBSERVE_MAX_BODY_BYTES: 'lots', HPC_OBSERVE_COLOUR: 'red' };
  for (const command of ['config', 'serve']) {
    const { exitCode, stdout, stderr } = await runExecutable(
      [command, 'extra', '--config', 'bad.toml', '--port', '70000', '--colour'],
      { folder: folder.path, env },
    );
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    for (const fault of [
      /--port must be a whole number from 0 to 65535, not "70000"/,
      /--colour is not a known flag/,
      /Only flags are expected here/,
      /HPC_OBSERVE_MAX_BODY_BYTES must be .*not "lots"/,
      /HPC_OBSERVE_COLOUR is not a known variable/,
      /colour in bad\.toml is not a known setting/,
      /log-level in bad\.toml is not a known setting/,
      /ended_series in bad\.toml must be a duration .*not "soon"/,
      /host in bad\.toml must be .*not a table/,
    ]) {
      expect(stderr).toMatch(fault);
    }
    for (const line of stderr.trimEnd().split('\n')) expect(line).toMatch(/^hpc-observe: .*\.$/);
  }
});

test.each([
  ['is missing', undefined, /nowhere\.toml cannot be read: there is no such file/, 1],
  ['is no TOML', 'port = = 1', /nowhere\.toml is not valid TOML/, 2],
])('a configuration file that %s is reported in one line', async (_, text, message, code) => {
  using folder = temporaryFolder();
  if (text !== undefined) writeFileSync(folder.file('nowhere.toml'), text);
  const { exitCode, stderr } = await runExecutable(['serve', '--config', 'nowhere.toml'], {
    folder: folder.path,
  });
  expect(exitCode).toBe(code);
  expect(stderr).toMatch(/^hpc-observe: [^\n]+\n$/);
  expect(stderr).toMatch(message);
});

test('a setting in a file takes effect', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('site.toml'), 'database = "other.db"\nmax_body_bytes = 1024\n');
  await using server = await serve({ folder: folder.path, args: ['--config', 'site.toml'] });
  expect(JSON.parse(server.greeting)).toMatchObject({ event: 'serving', database: 'other.db', slurm: 'off' });
  const answer = await fetch(`${server.url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'x', user: 'u', nodes: ['n'.repeat(2000)] }),
  });
  expect(answer.status).toBe(413);
  expect(await Bun.file(folder.file('other.db')).exists()).toBe(true);
});

test('help lists the commands, the help of serve names every setting, and version prints the version', async () => {
  using folder = temporaryFolder();
  const run = (...args: string[]) => runExecutable(args, { folder: folder.path });
  const help = await run('--help');
  expect(help.exitCode).toBe(0);
  expect(help.stderr).toBe('');
  expect(help.stdout).toContain('slurm import');
  for (const args of [['help'], ['-h'], []])
    expect((await run(...args)).stdout, args.join(' ')).toBe(help.stdout);
  const { stdout: settings } = await run('config');
  const { stdout: helpOfServe } = await run('serve', '--help');
  for (const [, name] of settings.matchAll(/^(\w+) = /gm)) {
    expect(helpOfServe).toContain(`--${name!.replaceAll('_', '-')}`);
  }
  for (const args of [['version'], ['--version']]) {
    expect(await run(...args)).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  }
});

test.each([
  [['sevre'], 'Did you mean hpc-observe serve?'],
  [['--port', '9000'], 'Did you mean hpc-observe serve --port …?'],
  [['-V'], 'Did you mean hpc-observe version?'],
  [['__proto__'], 'see hpc-observe help.'],
  [['constructor'], 'see hpc-observe help.'],
  [['toString'], 'see hpc-observe help.'],
  [[''], 'see hpc-observe help.'],
  [['slurm', 'chekc'], 'Did you mean hpc-observe slurm check?'],
  [['slurm', 'check', '--bogus'], '--bogus is not a known flag; see --help.'],
  [['slurm', 'import', '--since', 'yesterday'], '--since must be a date'],
  [['serve', '--prot', '9000'], '--prot is not a known flag. Did you mean --port?'],
])(
  'the command line %j is refused in one line with the likely correction and exit code 2',
  async (args, words) => {
    using folder = temporaryFolder();
    const { exitCode, stdout, stderr } = await runExecutable(args, { folder: folder.path });
    expect(stderr).toMatch(/^hpc-observe: [^\n]+\n$/);
    expect(stderr).toContain(words);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
  },
);

test.each([
  [['--open', '--host', 'nosuchhost.invalid'], 'There is no host nosuchhost.invalid'],
  [['--open', '--host', '10.99.99.99'], '10.99.99.99 is not an address of this machine.'],
  [['--slurm', 'on', '--slurm-bin', '/nowhere'], 'Slurm cannot be followed: there is no squeue in /nowhere.'],
])('serve %j is refused in one line before it announces itself', async (args, words) => {
  using folder = temporaryFolder();
  const { exitCode, stdout, stderr } = await runExecutable(['serve', '--port', '0', ...args], {
    folder: folder.path,
    env: { HPC_OBSERVE_SLURM: 'off' },
  });
  expect(stderr).toMatch(/^hpc-observe: [^\n]+\n$/);
  expect(stderr).toContain(words);
  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
});

test('the start message is text or one JSON event, and says why Slurm is not followed', async () => {
  const env = { HPC_OBSERVE_SLURM: 'auto' };
  const args = ['--slurm-bin', '/nowhere'];
  await using text = await serve({ env, args: [...args, '--log-format', 'text'] });
  expect(text.greeting).toMatch(/^ {2}Slurm +off: there is no squeue in \/nowhere; set its folder with/m);
  await using json = await serve({ env, args: [...args, '--log-format', 'json', '--log-level', 'error'] });
  expect(JSON.parse(json.greeting)).toMatchObject({
    level: 'info',
    event: 'serving',
    url: expect.stringMatching(/^http:/),
    slurm: expect.stringContaining('no squeue in /nowhere'),
  });
});
