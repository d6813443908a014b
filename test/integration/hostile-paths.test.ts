import { afterAll, beforeAll, expect } from 'bun:test';
import { exchange, statusesOf } from '../help/exchange.ts';
import { serve } from '../help/executable.ts';
import { testAsRoot } from '../help/tool.ts';

// An unprivileged user of the service's own machine tries to get past the rules about paths, and to have one
// request taken for two.

const rootTest = testAsRoot();
const MALLORY = 12_666;

let server: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  server = await serve({ args: ['--visibility', 'own', '--base-path', '/pun'] });
  await fetch(`${server.url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'hidden', user: 'alice', nodes: ['n1'] }),
  });
});
afterAll(() => server[Symbol.asyncDispose]());

/** Other spellings of a path, one of which may get past a rule about the path. */
function spellingsOf(path: string): string[] {
  const bare = path.slice(1);
  return [
    ...[path, `/${path}`, `${path}/`, `${path}//`, `${path}/.`, `${path}/x/..`, `/.${path}`, bare],
    ...[
      path.toUpperCase(),
      path.replaceAll('/', '\\'),
      path.replaceAll('/', '%2f'),
      path.replace(/o/, '%6f'),
    ],
    ...[';x=1', '%00', '%20', '%0a', '?/v1/health', '#/v1/health', '%3f/v1/health'].map((end) => path + end),
    ...['/;', '/swagger/..', '/swagger/%2e%2e', '/swagger/.%2E', '/swagger/..;', '/swagger/%252e%252e'].map(
      (start) => start + path,
    ),
    ...[`/swagger/..%2f${bare}`, `/swagger/..%5c${bare}`, `/swagger/..\\${bare}`, `/v1/health/../..${path}`],
    ...['/pun', '/pun/pun', '/pun/', '/pun/..', '/PUN'].map((base) => base + path),
    ...['localhost', 'evil.example', 'localhost@evil.example', '[::1'].map((host) => `http://${host}${path}`),
  ];
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'get'];
const TARGETS = ['/v1/tokens', '/v1/audit', '/metrics', '/v1/jobs/hidden', '/v1/jobs/hidden/metrics'];
/** Headers that other software believes about the method, the path or the user. */
const CLAIMS = [
  ...['X-HTTP-Method-Override: GET', 'X-Original-URL: /v1/health', 'X-Rewrite-URL: /v1/health'],
  ...['X-Remote-User: root', 'Remote-User: root', 'X-Forwarded-User: root', 'X-Forwarded-For: 127.0.0.1'],
  ...['Forwarded: for=127.0.0.1;by=root', 'Authorization: Basic cm9vdDo=', 'Host: 127.0.0.1'],
];

/** Answers that tell and change nothing; none at all to what is no HTTP. */
const REFUSALS = [undefined, 400, 403, 404, 405, 421];

rootTest(
  'no spelling of a path, method or claim gets an unprivileged user past the rules',
  async () => {
    const requests = TARGETS.flatMap((target) => [
      ...spellingsOf(target).flatMap((path) => METHODS.map((method) => `${method} ${path} HTTP/1.1`)),
      ...METHODS.map((method) => `${method} ${target} HTTP/1.0`),
      ...CLAIMS.flatMap((claim) => METHODS.map((method) => `${method} ${target} HTTP/1.1\r\n${claim}`)),
    ]);
    const counts = new Map<number | undefined, number>();
    // Connections of one user at a time.
    for (let at = 0; at < requests.length; at += 200) {
      const some = requests.slice(at, at + 200);
      const rest = '\r\nHost: localhost\r\nConnection: close\r\n\r\n';
      const answers = await Promise.all(some.map((start) => exchange(server.url, MALLORY, start + rest)));
      for (const [index, answer] of answers.entries()) {
        const [status] = statusesOf(answer);
        expect([some[index], status, REFUSALS.includes(status)]).toEqual([some[index], status, true]);
        expect(answer).not.toContain('alice');
        counts.set(status, (counts.get(status) ?? 0) + 1);
      }
    }
    // Most are understood, and many are refused for their sender.
    expect(counts.get(403)!).toBeGreaterThan(200);
    expect(counts.get(undefined)!).toBeLessThan(requests.length / 8);
    expect((await fetch(`${server.url}/v1/jobs/hidden`)).status).toBe(200);
  },
  30_000,
);

const HIDDEN = 'GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\n\r\n';
const post = (headers: readonly string[], rest: string) =>
  ['POST /v1/jobs HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', ...headers, '', rest].join(
    '\r\n',
  );

/** Requests whose end two programs may see at different places: RFC 9112, 6.3 and 11.2. */
const AMBIGUOUS: [what: string, bytes: string][] = [
  ['both lengths', post(['Content-Length: 4', 'Transfer-Encoding: chunked'], `0\r\n\r\n${HIDDEN}`)],
  ['both lengths, in the other order', post(['Transfer-Encoding: chunked', 'Content-Length: 4'], HIDDEN)],
  ['an unknown coding', post(['Transfer-Encoding: xchunked'], `0\r\n\r\n${HIDDEN}`)],
  ['chunked, which is not the last coding', post(['Transfer-Encoding: chunked, identity'], HIDDEN)],
  ['two codings in two headers', post(['Transfer-Encoding: chunked', 'Transfer-Encoding: x'], HIDDEN)],
  ['a blank before the colon', post(['Transfer-Encoding : chunked', 'Content-Length: 2'], `{}${HIDDEN}`)],
  ['two lengths', post(['Content-Length: 2', 'Content-Length: 60'], `{}${HIDDEN}`)],
  ['a list of lengths', post(['Content-Length: 2, 2'], `{}${HIDDEN}`)],
  ['a length with a sign', post(['Content-Length: +2'], `{}${HIDDEN}`)],
  ['a hexadecimal length', post(['Content-Length: 0x2'], `{}${HIDDEN}`)],
  ['a length beyond 64 bits', post(['Content-Length: 18446744073709551618'], `{}${HIDDEN}`)],
  ['a chunk beyond 64 bits', post(['Transfer-Encoding: chunked'], `10000000000000002\r\n{}\r\n${HIDDEN}`)],
  ['a chunk size with a sign', post(['Transfer-Encoding: chunked'], `+2\r\n{}\r\n0\r\n\r\n${HIDDEN}`)],
  ['line feeds without returns', post(['Transfer-Encoding: chunked'], `2;\n{}\r\n0\r\n\r\n${HIDDEN}`)],
  ['a folded header', post(['X-A: b', ' Content-Length: 2'], `{}${HIDDEN}`)],
  ['a return inside a header', post(['X-A: b\rContent-Length: 2'], `{}${HIDDEN}`)],
  ['a zero byte inside a header', post(['X-A: b\0', 'Content-Length: 2'], `{}${HIDDEN}`)],
];

rootTest.each(AMBIGUOUS)(
  'a request with %s ends its connection, and hides no other one',
  async (_, bytes) => {
    const answer = await exchange(server.url, MALLORY, bytes);
    // Who may not write is told so before the body is read.
    expect(statusesOf(answer).filter((status) => status !== 403)).toEqual([400]);
    expect(answer).not.toContain('ways');
  },
);

rootTest('the body of a refused request is never read as a request', async () => {
  const body = `DELETE /v1/jobs/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  const refused = ['Content-Length: ', 'Authorization: Bearer hpo_x\r\nContent-Length: '].map((headers) =>
    post([`${headers}${body.length}`], body),
  );
  const last = 'GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const answer = await exchange(server.url, MALLORY, [...refused, last].join(''));
  expect(statusesOf(answer)).toEqual([403, 401, 200]);
});
