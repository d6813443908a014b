import { describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { EXECUTABLE, runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { testWith } from '../help/tool.ts';

/** Makes a folder whose files try to run code in the executable or to change its settings. */
function hostileFolder() {
  const folder = temporaryFolder();
  const evil = `require('node:fs').writeFileSync(${JSON.stringify(folder.file('evil-ran'))}, 'yes');\n`;
  const dotenv = [
    'HPC_OBSERVE_PORT=1',
    'HPC_OBSERVE_DATABASE=/nowhere/x.db',
    'HPC_OBSERVE_TYPO=1',
    'NODE_ENV=test',
    'BUN_OPTIONS=--preload=./evil.ts',
  ].join('\n');
  for (const name of ['.env', '.env.local', '.env.production', '.env.development', '.env.test']) {
    writeFileSync(folder.file(name), dotenv);
  }
  writeFileSync(folder.file('evil.ts'), evil);
  writeFileSync(
    folder.file('bunfig.toml'),
    'preload = ["./evil.ts"]\n[run]\npreload = ["./evil.ts"]\nsmol = true\n',
  );
  writeFileSync(
    folder.file('package.json'),
    '{"name":"evil","type":"commonjs","imports":{"elysia":"./evil.ts"},',
  );
  writeFileSync(
    folder.file('tsconfig.json'),
    '{"compilerOptions":{"baseUrl":".","paths":{"*":["./evil.ts"]},"jsxImportSource":"./evil"}}',
  );
  mkdirSync(folder.file('node_modules/elysia'), { recursive: true });
  writeFileSync(folder.file('node_modules/elysia/index.js'), evil);
  writeFileSync(folder.file('node_modules/elysia/package.json'), '{"name":"elysia","main":"index.js"}');
  mkdirSync(folder.file('store/sqlite'), { recursive: true });
  writeFileSync(folder.file('store/sqlite/thread.js'), evil);
  writeFileSync(folder.file('hpc-observe.toml'), 'port = 1\n');
  return folder;
}

async function expectWorks(url: string): Promise<void> {
  const created = await fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"id":"a","user":"u","nodes":["n"]}',
  });
  expect(created.status).toBe(201);
  for (const path of [
    '/v1/health',
    '/v1/jobs/a',
    '/metrics',
    '/',
    '/jobs/a',
    '/swagger',
    '/swagger/json',
    '/swagger/ui.js',
  ]) {
    expect((await fetch(`${url}${path}`)).status, path).toBe(200);
  }
}

describe('the working folder', () => {
  test('files of the working folder do not change the settings', async () => {
    using folder = hostileFolder();
    using empty = temporaryFolder();
    const here = await runExecutable(['config'], { folder: folder.path });
    expect(here).toEqual(await runExecutable(['config'], { folder: empty.path }));
    expect(here.stdout).toMatch(/^port = 8080 +# default$/m);
    expect(existsSync(folder.file('evil-ran'))).toBe(false);
  });

  test('files of the working folder run no code and change no answer', async () => {
    using folder = hostileFolder();
    const before = readdirSync(folder.path);
    await using server = await serve({ folder: folder.path });
    await expectWorks(server.url);
    const invalid = await fetch(`${server.url}/v1/jobs?limit=x`);
    expect(Object.keys((await invalid.json()) as object)).toEqual(['error', 'message']);
    expect(await server.stop()).toBe(0);
    expect(existsSync(folder.file('evil-ran'))).toBe(false);
    const made = readdirSync(folder.path).filter((name) => !before.includes(name));
    expect(made.filter((name) => name !== 'hpc-observe.db-lock')).toEqual(['hpc-observe.db']);
  });

  test('the executable and the working folder may be reached through links', async () => {
    using folder = hostileFolder();
    using elsewhere = temporaryFolder();
    symlinkSync(EXECUTABLE, elsewhere.file('observe'));
    symlinkSync(folder.path, elsewhere.file('work'));
    await using server = await serve({
      folder: elsewhere.file('work'),
      command: [elsewhere.file('observe')],
    });
    await expectWorks(server.url);
    expect(existsSync(folder.file('hpc-observe.db'))).toBe(true);
    expect(existsSync(folder.file('evil-ran'))).toBe(false);
  });

  test('the working folder may be the root', async () => {
    using folder = temporaryFolder();
    await using server = await serve({ folder: '/', args: ['--database', folder.file('jobs.db')] });
    await expectWorks(server.url);
  });
});

const isRoot = process.getuid?.() === 0;
const testWithoutNetwork = testWith(['unshare', 'ip', 'curl']);

testWithoutNetwork('the service needs no network but the loopback', async () => {
  using folder = temporaryFolder();
  const script = `
    ip link set lo up
    ip -o route show
    '${EXECUTABLE}' serve --port 8080 >/dev/null &
    server=$!
    for path in v1/health v1/jobs metrics jobs swagger swagger/json swagger/ui.js swagger/ui.css; do
      curl --silent --output /dev/null --retry 20 --retry-connrefused --retry-delay 1 --max-time 10 \\
        --write-out "$path %{http_code}\\n" "http://127.0.0.1:8080/$path"
    done
    kill $server
    wait $server
    echo "exit $?"`;
  const child = Bun.spawn(['unshare', isRoot ? '-n' : '-rn', 'sh', '-c', script], {
    cwd: folder.path,
    stdout: 'pipe',
    stderr: 'ignore',
    timeout: 30_000,
  });
  expect((await new Response(child.stdout).text()).trimEnd().split('\n')).toEqual([
    'v1/health 200',
    'v1/jobs 200',
    'metrics 200',
    'jobs 200',
    'swagger 200',
    'swagger/json 200',
    'swagger/ui.js 200',
    'swagger/ui.css 200',
    'exit 0',
  ]);
});
