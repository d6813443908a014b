import { expect } from 'bun:test';
import { copyFileSync, readFileSync } from 'node:fs';
import { certificates } from '../help/certificates.ts';
import { type Connection, openConnection, requestText } from '../help/connection.ts';
import { runExecutable, serve } from '../help/executable.ts';
import { freePorts } from '../help/port.ts';
import { testWith } from '../help/tool.ts';

const tlsTest = testWith(['curl', 'openssl']);

type Made = ReturnType<typeof certificates>;

/** Copies a certificate to the files that the service reads. */
function install(made: Made, name: string): void {
  copyFileSync(made.file(`${name}.crt`), made.file('used.crt'));
  copyFileSync(made.file(`${name}.key`), made.file('used.key'));
}

function makeTwo(): Made & { readonly ca: string } {
  const made = certificates();
  made.make('one', { name: 'one' });
  made.make('two', { name: 'two', days: 10 });
  install(made, 'one');
  const ca = ['one', 'two'].map((name) => readFileSync(made.file(`${name}.crt`), 'utf8')).join('');
  return { ...made, ca };
}

const flags = (made: Made) => [
  '--open',
  '--tls-cert',
  made.file('used.crt'),
  '--tls-key',
  made.file('used.key'),
];

/** Returns the name in the certificate that a new connection sees. */
async function nameAt(url: string, ca: string): Promise<string | undefined> {
  using connection = await openConnection(url, { ca });
  connection.send(requestText('GET', '/v1/health'));
  expect((await connection.receive())?.status).toBe(200);
  return connection.serverName;
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + 15_000; Date.now() < endMs; await Bun.sleep(20)) if (await isTrue()) return;
  throw new Error('Not true within 15 seconds.');
}

const newJob = (id: string) => JSON.stringify({ id, user: 'u', nodes: ['n'] });

tlsTest('TLS 1.2 and 1.3 are spoken, and nothing older', async () => {
  using made = makeTwo();
  await using server = await serve({ args: flags(made) });
  expect(server.url).toStartWith('https://');
  const { port } = new URL(server.url);
  const speaks = async (version: string) => {
    const command = [
      'openssl',
      's_client',
      version,
      '-cipher',
      'DEFAULT@SECLEVEL=0',
      '-connect',
      `127.0.0.1:${port}`,
    ];
    const child = Bun.spawn(command, { stdin: new Blob(['']), stdout: 'pipe', stderr: 'ignore' });
    return /Cipher is (?!\(NONE\))/.test(await new Response(child.stdout).text());
  };
  expect(await Promise.all(['-tls1', '-tls1_1', '-tls1_2', '-tls1_3'].map(speaks))).toEqual([
    false,
    false,
    true,
    true,
  ]);
  using plain = await openConnection(server.url.replace('https', 'http'));
  plain.send(requestText('GET', '/v1/jobs'));
  expect((await plain.receive({ timeoutMs: 3000 }))?.status).not.toBe(200);
});

tlsTest('a new certificate is used from SIGHUP on, and no connection and no request is lost', async () => {
  using made = makeTwo();
  const { ca } = made;
  await using server = await serve({ args: flags(made) });
  const { url } = server;
  let isOver = false;
  const failures: string[] = [];
  const names = new Set<string | undefined>();
  let newConnections = 0;
  let requests = 0;

  /** Writes over one connection after another, each as long as the service keeps it. */
  async function keepWriting(number: number, isKept: boolean): Promise<void> {
    let connection: Connection | undefined;
    for (let count = 0; !isOver; count++) {
      if (!connection) {
        connection = await openConnection(url, { ca });
        newConnections++;
      }
      connection.send(requestText('POST', '/v1/jobs', { body: newJob(`${number}-${count}`) }));
      const answer = await connection.receive();
      requests++;
      if (answer?.status !== 201) failures.push(`${number}-${count}: ${answer?.status ?? 'no answer'}`);
      names.add(connection.serverName);
      if (isKept && answer?.headers.get('connection') !== 'close') continue;
      connection.close();
      connection = undefined;
    }
    connection?.close();
  }

  using half = await openConnection(url, { ca });
  const whole = requestText('POST', '/v1/jobs', { body: newJob('half') });
  half.send(whole.slice(0, -5));
  using idle = await openConnection(url, { ca });
  idle.send(requestText('GET', '/v1/health'));
  expect((await idle.receive())?.status).toBe(200);

  const writers = Array.from({ length: 12 }, (_, number) => keepWriting(number, number % 3 !== 0));
  await Bun.sleep(500);
  expect([...names]).toEqual(['one']);
  install(made, 'two');
  process.kill(server.pid, 'SIGHUP');
  await until(() => server.errors().includes('certificate_loaded'));
  expect(await nameAt(url, ca)).toBe('two');
  await Bun.sleep(1000);
  isOver = true;
  await Promise.all(writers);
  expect(failures).toEqual([]);
  expect([...names].sort()).toEqual(['one', 'two']);
  expect(requests).toBeGreaterThan(30);
  expect(newConnections).toBeGreaterThan(30);

  half.send(whole.slice(-5));
  const answered = await half.receive();
  expect([answered?.status, answered?.headers.get('connection')]).toEqual([201, 'close']);
  idle.send(requestText('GET', '/v1/jobs?limit=1'));
  expect((await idle.receive())?.headers.get('connection')).toBe('close');
  expect([half.serverName, idle.serverName]).toEqual(['one', 'one']);
  expect(server.errors()).not.toContain('"level":"error"');
  expect(await server.stop()).toBe(0);
});

tlsTest(
  'a broken new file changes nothing and is logged once; the right one is used afterwards',
  async () => {
    using made = makeTwo();
    await using server = await serve({ args: flags(made) });
    copyFileSync(made.file('two.crt'), made.file('used.crt'));
    process.kill(server.pid, 'SIGHUP');
    await until(() => server.errors().includes('certificate_not_loaded'));
    expect(server.errors()).toContain('does not belong to the certificate');
    expect(server.errors()).not.toContain('PRIVATE KEY');
    expect(await nameAt(server.url, made.ca)).toBe('one');
    install(made, 'two');
    process.kill(server.pid, 'SIGHUP');
    await until(async () => (await nameAt(server.url, made.ca)) === 'two');
    expect(server.errors().split('certificate_not_loaded').length).toBe(2);
    // It expires in 10 days.
    await until(() => server.errors().includes('certificate_expires'));
  },
);

tlsTest('/metrics says when the certificate in use expires', async () => {
  using made = makeTwo();
  await using server = await serve({ args: flags(made) });
  const expiry = async () => {
    using connection = await openConnection(server.url, { ca: made.ca });
    connection.send(requestText('GET', '/metrics'));
    const { body = '' } = (await connection.receive()) ?? {};
    const seconds = Number(/^hpc_observe_tls_certificate_expiry_timestamp_seconds (\S+)$/m.exec(body)?.[1]);
    return (seconds - Date.now() / 1000) / 86_400;
  };
  expect(await expiry()).toBeCloseTo(90, 1);
  install(made, 'two');
  process.kill(server.pid, 'SIGHUP');
  await until(() => server.errors().includes('certificate_loaded'));
  expect(await expiry()).toBeCloseTo(10, 1);
});

tlsTest('--client-listen admits only programs with a certificate of the authority, as ingest', async () => {
  using made = makeTwo();
  made.make('authority', { name: 'authority' });
  made.make('agent', { name: 'node01', by: 'authority' });
  const [port, plainPort] = await freePorts(2);
  await using server = await serve({
    args: [
      ...flags(made).slice(1),
      ...['--listen', `http://127.0.0.1:${plainPort}`],
      ...['--client-ca', made.file('authority.crt'), '--client-listen', `0.0.0.0:${port}`],
    ],
  });
  expect(server.url).toBe(`http://127.0.0.1:${plainPort}`);
  const ask = async (path: string, files: readonly string[]) => {
    const url = `https://127.0.0.1:${port}${path}`;
    const [cert, key] = files.map((file) => made.file(file));
    const shown = cert && key ? ['--cert', cert, '--key', key] : [];
    const command = ['curl', '-sS', '-w', ' %{http_code}', '--cacert', made.file('one.crt'), ...shown, url];
    const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'ignore' });
    return await new Response(child.stdout).text();
  };
  const agent = ['agent.crt', 'agent.key'];
  const whoami = await ask('/v1/whoami', agent);
  expect(whoami).toEndWith(' 200');
  expect(whoami).toContain('client-certificate');
  expect(whoami).toContain('"ingest"');
  expect(await ask('/v1/jobs', agent)).toEndWith(' 403');
  expect(await ask('/v1/health', [])).toEndWith(' 000');
  expect(await ask('/v1/health', ['two.crt', 'two.key'])).toEndWith(' 000');
});

tlsTest('a start with files that do not fit ends with a sentence', async () => {
  using made = makeTwo();
  const run = (...args: string[]) =>
    runExecutable(['serve', '--port', '0', ...args], {
      folder: made.file('.'),
      env: { HPC_OBSERVE_SLURM: 'off' },
    });
  const mixed = await run('--tls-cert', made.file('one.crt'), '--tls-key', made.file('two.key'));
  expect([mixed.exitCode, mixed.stdout]).toEqual([1, '']);
  expect(mixed.stderr).toMatch(/^hpc-observe: The key in \S+ does not belong to the certificate in \S+\.\n$/);
  const alone = await run('--tls-cert', made.file('one.crt'));
  expect([alone.exitCode, alone.stderr]).toEqual([
    2,
    'hpc-observe: --tls-cert and --tls-key belong together: give both, or none.\n',
  ]);
});
