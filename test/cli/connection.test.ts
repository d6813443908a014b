import { afterAll, beforeAll, expect, test } from 'bun:test';
import {
  askService,
  CONNECTION_SETTINGS,
  describePlace,
  locateService,
  NoService,
} from '../../src/cli/connection.ts';
import { OperatorError } from '../../src/domain/errors.ts';
import { loadConfig } from '../../src/settings/load.ts';
import { certificates } from '../help/certificates.ts';
import { temporaryFolder } from '../help/folder.ts';

const settings = (...args: string[]) =>
  loadConfig(CONNECTION_SETTINGS, {}, { args, env: {}, readFile: () => 'hpo_secret\n' }).config;

test.each([
  [[], 'http://127.0.0.1:8080'],
  [['--host', '0.0.0.0', '--port', '9000'], 'http://127.0.0.1:9000'],
  [['--host', '::'], 'http://127.0.0.1:8080'],
  [['--host', '::1'], 'http://[::1]:8080'],
  [['--listen', '10.0.0.5:9000'], 'http://10.0.0.5:9000'],
  [['--listen', '[::]:9000,10.0.0.5:1'], 'http://127.0.0.1:9000'],
  [['--listen', '[fd00::5]:9000'], 'http://[fd00::5]:9000'],
  [['--listen', 'unix:/run/a.sock,10.0.0.5:9000'], 'http://10.0.0.5:9000'],
  [['--listen', 'unix:/run/a.sock?mode=0660'], 'unix:/run/a.sock'],
  [['--server', 'https://head.example/observe/', '--port', '9000'], 'https://head.example/observe'],
  [['--server', 'unix:/run/a.sock', '--port', '9000'], 'unix:/run/a.sock'],
  [['--tls-cert', '/etc/cert.pem', '--host', '0.0.0.0'], 'https://127.0.0.1:8080'],
  [['--tls-cert', '/etc/cert.pem', '--listen', '0.0.0.0:8443,http://127.0.0.1:80'], 'http://127.0.0.1:80'],
  [['--tls-cert', '/etc/cert.pem', '--listen', 'unix:/run/a.sock,10.0.0.5:9'], 'https://10.0.0.5:9'],
])('with %j a command asks the service at %s', (args, place) => {
  expect(describePlace(locateService(settings(...args)))).toBe(place);
});

test.each(['head:8080', 'ftp://head', 'http://', 'unix:'])('--server %s is refused', (server) => {
  expect(() => settings('--server', server)).toThrow('--server must be a URL such as');
});

let service: Bun.Server<undefined>;
let seen: (string | null)[] = [];

beforeAll(() => {
  service = Bun.serve({
    port: 0,
    fetch(request) {
      seen.push(request.headers.get('authorization'));
      return Response.json({ error: 'forbidden', message: 'Not you.' }, { status: 403 });
    },
  });
});

afterAll(() => service.stop(true));

const askHealth = (...args: string[]) => askService(settings(...args), (client) => client.getHealth());

test('the token of --token-file is sent, nothing without it, and a refusal is the sentence of the service', async () => {
  seen = [];
  const server = ['--server', service.url.href];
  for (const args of [server, [...server, '--token-file', '/etc/token']]) {
    const refusal = await askHealth(...args).catch((error) => error);
    expect(refusal).toBeInstanceOf(OperatorError);
    expect(refusal).not.toBeInstanceOf(NoService);
    expect(refusal.message).toBe('Not you.');
  }
  expect(seen).toEqual([null, 'Bearer hpo_secret']);
});

test('a unix socket is asked', async () => {
  using folder = temporaryFolder();
  const unix = folder.file('http.sock');
  const other = Bun.serve({
    unix,
    fetch: () =>
      Response.json({ status: 'healthy', timestamp: '2026-01-20T12:00:00.000Z', version: '1.0.0' }),
  });
  expect(await askHealth('--server', `unix:${unix}`)).toMatchObject({ isHealthy: true });
  await other.stop(true);
});

test('where nothing listens, the message says what to do', async () => {
  const failure = await askHealth('--server', 'http://127.0.0.1:1').catch((error) => error);
  expect(failure).toBeInstanceOf(NoService);
  expect(failure.message).toBe(
    'No service answers at http://127.0.0.1:1. Check the address in --server or HPC_OBSERVE_SERVER, and whether the ' +
      'service runs there.',
  );
  const own = await askHealth('--port', '1').catch((error) => error);
  expect(own.message).toBe(
    'No service answers at http://127.0.0.1:1. Start it here (systemctl start hpc-observe), or name it with --server ' +
      'or HPC_OBSERVE_SERVER, such as http://head-node:8080.',
  );
});

test('a socket that does not exist is no service', async () => {
  const failure = await askHealth('--server', 'unix:/nowhere/http.sock').catch((error) => error);
  expect(failure).toBeInstanceOf(NoService);
});

test('a certificate that is not trusted is the reason of the message, and not a service that is missing', async () => {
  using made = certificates();
  made.make('server', { name: 'localhost' });
  const tls = { cert: Bun.file(made.file('server.crt')), key: Bun.file(made.file('server.key')) };
  const other = Bun.serve({ port: 0, tls, fetch: () => new Response() });
  const failure = await askHealth('--server', other.url.href).catch((error) => error);
  expect(failure).toBeInstanceOf(OperatorError);
  expect(failure).not.toBeInstanceOf(NoService);
  expect(failure.message).toMatch(
    /^https:.* did not answer: .*certificate.*\. Check the address in --server or HPC_OBSERVE_SERVER, and whether .*\.$/,
  );
  await other.stop(true);
});

test('the authority of --server-ca is trusted, and on the loopback the service of this machine is', async () => {
  using made = certificates();
  made.make('server', { name: 'head' });
  const [cert, key] = [made.file('server.crt'), made.file('server.key')];
  const tls = { cert: Bun.file(cert), key: Bun.file(key) };
  const health = { status: 'healthy', timestamp: '2026-01-20T12:00:00.000Z', version: '1.0.0' };
  const other = Bun.serve({ hostname: '127.0.0.1', port: 0, tls, fetch: () => Response.json(health) });
  const port = String(other.port);
  expect(await askHealth('--server', other.url.href, '--server-ca', cert)).toMatchObject({ isHealthy: true });
  expect(await askHealth('--port', port, '--tls-cert', cert)).toMatchObject({ isHealthy: true });
  await expect(askHealth('--server', other.url.href)).rejects.toThrow('certificate');
  await expect(askHealth('--server', other.url.href, '--server-ca', '/no.crt')).rejects.toThrow(
    '/no.crt cannot be read',
  );
  await other.stop(true);
});
