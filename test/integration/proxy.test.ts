import { expect, test } from 'bun:test';
import { chmodSync } from 'node:fs';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { freePorts } from '../help/port.ts';
import { testAsRoot, testWith } from '../help/tool.ts';
import { linesOf, startApache, startNginx } from '../help/web-server.ts';

const PAGE = 'docs/access.md';
const rootTest = testAsRoot();
const proxyTest = rootTest === test ? testWith(['apache2', 'nginx', 'openssl']) : rootTest;

const signedIn = (user: string) => ({ authorization: `Basic ${btoa(`${user}:secret`)}` });

/** Starts the service behind a proxy that does not run yet, with a port of its own. */
async function serveOn(port: number, args: readonly string[]) {
  return await serve({ args: ['--listen', `127.0.0.1:${port}`, ...args] });
}

async function ask(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
  return { status: answer.status, text, json: isJson ? JSON.parse(text) : undefined };
}

/** What is true behind each of the proxies of the documentation, seen from a browser. */
async function checkPortal(portal: string, direct: string): Promise<void> {
  const base = `${portal}/hpc-observe`;
  expect((await ask(`${base}/v1/whoami`)).status).toBe(401);
  const whoami = await ask(`${base}/v1/whoami`, signedIn('alice'));
  expect([whoami.status, whoami.json?.name, whoami.json?.role, whoami.json?.proof]).toEqual([
    200,
    'alice',
    'user',
    'proxy',
  ]);
  // A header of the client's own is replaced, whatever its case, and one with underscores is another one.
  for (const name of ['X-Remote-User', 'x-remote-user', 'X_Remote_User']) {
    const forged = await ask(`${base}/v1/whoami`, { ...signedIn('alice'), [name]: 'root' });
    expect([name, forged.json?.name]).toEqual([name, 'alice']);
  }
  // root of the portal is not root of this machine.
  expect((await ask(`${base}/v1/whoami`, signedIn('root'))).json?.role).toBe('user');

  const page = await ask(`${base}/swagger`, signedIn('alice'));
  const links = [...page.text.matchAll(/(?:href|src)="(\/[^"]*)"|url: '([^']*)'/g)].map(
    (one) => one[1] ?? one[2],
  );
  expect(links.length).toBe(3);
  for (const link of links) expect((await ask(`${portal}${link}`, signedIn('alice'))).status).toBe(200);

  // From another program of this machine the header is not believed; it is root's own, which runs this test.
  const other = await ask(`${direct}/v1/whoami`, { 'x-remote-user': 'alice' });
  expect([other.json?.name, other.json?.proof]).toEqual(['root', 'kernel']);
  const metrics = (await ask(`${direct}/metrics`)).text;
  expect(metrics).toContain('\nhpc_observe_proxy_headers_ignored_total 1\n');
}

proxyTest('nginx, with the lines of the documentation, names its users', async () => {
  const [port] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  await using nginx = await startNginx(
    linesOf(PAGE, 'nginx', { '127.0.0.1:8080': address, '/etc/nginx/hpc-users': 'USERS' }),
  );
  const publicUrl = `${nginx.url}/hpc-observe`;
  await using server = await serveOn(port!, ['--trusted-proxy', 'user:www-data', '--public-url', publicUrl]);
  await checkPortal(nginx.url, server.url);
});

proxyTest('Apache, with the lines of the documentation for OnDemand, names its users', async () => {
  const [port] = await freePorts(1);
  const lines = linesOf(PAGE, 'apache', {
    '127.0.0.1:8080': `127.0.0.1:${port}`,
    // OnDemand's users sign in elsewhere, and Apache's own by a password.
    'AuthType openid-connect': 'AuthType Basic\nAuthName HPC\nAuthUserFile USERS',
  });
  await using apache = await startApache(lines);
  const publicUrl = `${apache.url}/hpc-observe`;
  await using server = await serveOn(port!, ['--trusted-proxy', 'user:www-data', '--public-url', publicUrl]);
  await checkPortal(apache.url, server.url);
});

proxyTest('a proxy that cuts the path off, at a unix socket, shows the same', async () => {
  using folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  const socket = folder.file('http.sock');
  await using server = await serve({
    folder: folder.path,
    args: [
      ...['--listen', '127.0.0.1:0', '--listen', `unix:${socket}?mode=0666`],
      ...['--trusted-proxy', 'unix', '--base-path', '/hpc-observe'],
    ],
  });
  await using nginx = await startNginx(`
    location /hpc-observe/ {
      auth_basic HPC;
      auth_basic_user_file USERS;
      proxy_pass http://unix:${socket}:/;
      proxy_set_header X-Remote-User $remote_user;
    }`);
  await checkPortal(nginx.url, server.url);
});

proxyTest(
  'a proxy that names nobody does not lend its own user, and a page of the portal may write',
  async () => {
    const [port] = await freePorts(1);
    await using nginx = await startNginx(`
    location / {
      proxy_pass http://127.0.0.1:${port};
      proxy_set_header Host $http_host;
    }
    location /as-admin/ {
      proxy_pass http://127.0.0.1:${port}/;
      proxy_set_header Host $http_host;
      proxy_set_header X-Remote-User alice;
    }`);
    await using _server = await serveOn(port!, [
      ...['--trusted-proxy', 'user:www-data', '--admins', 'alice,www-data', '--public-url', nginx.url],
    ]);
    expect((await ask(`${nginx.url}/v1/jobs`)).status).toBe(401);
    expect((await ask(`${nginx.url}/v1/health`)).status).toBe(200);
    const write = async (origin: string) => {
      const answer = await fetch(`${nginx.url}/as-admin/v1/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin },
        body: JSON.stringify({ id: `from ${origin}`, user: 'alice', nodes: ['n'] }),
      });
      return answer.status;
    };
    expect(await write(nginx.url)).toBe(201);
    expect(await write('http://evil.example.com')).toBe(403);
    // The client's own header reaches the service here, because nothing in this location replaces it.
    const forged = await ask(`${nginx.url}/v1/jobs`, { 'x-remote-user': '@admins' });
    expect([forged.status, forged.json?.error]).toEqual([401, 'unauthorized']);
  },
);
