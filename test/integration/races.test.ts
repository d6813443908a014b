import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Answer, type Connection, openConnection } from '../help/connection.ts';
import { ENGINES } from '../help/engines.ts';
import { serve } from '../help/executable.ts';

const json = { 'content-type': 'application/json' };
const REQUESTS = 10_000;
const CONNECTIONS = 16;
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

let server: Awaited<ReturnType<typeof serve>>;

describe.each(ENGINES)('$name', ({ place }) => {
  let database: Awaited<ReturnType<typeof place>>;
  beforeAll(async () => {
    database = await place();
    server = await serve({ args: ['--log-level', 'error', ...database.args] });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  test('exactly one of 200 concurrent creates of one id succeeds', createAtOnce);
  describe(`hostile requests, SEED=${seed}`, hostileRequests);
});

async function createAtOnce(): Promise<void> {
  for (const id of ['contested', 'contested again']) {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, number) =>
        fetch(`${server.url}/v1/jobs`, {
          method: 'POST',
          headers: json,
          body: JSON.stringify({ id, user: `user${number}`, nodes: [`n${number}`] }),
        }),
      ),
    );
    const statuses = answers.map((answer) => answer.status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(199);
    const winner = await answers[statuses.indexOf(201)]!.json();
    const kept = await (await fetch(`${server.url}/v1/jobs/${encodeURIComponent(id)}`)).json();
    expect(kept).toEqual(winner);
  }
}

function hostileRequests(): void {
  const { chance, whole, pick } = randomFrom(seed);
  const kept = Array.from({ length: 20 }, (_, number) => `kept ${number} "\\ é/`);

  test(`${REQUESTS} hostile requests get no 500 and one shape of error, and change no other job`, async () => {
    await createKept();
    const before = await readKept();
    const faults: string[] = [];
    const seen = new Map<number, number>();
    let left = REQUESTS;
    const judge = (request: HostileRequest, answer: Answer | undefined) => {
      if (answer) seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
      const fault = findFault(request, answer);
      if (fault) faults.push(`${fault}: ${describeRequest(request)}`);
    };
    const sender = async () => {
      let connection = await openConnection(server.url);
      while (left-- > 0 && faults.length < 10) {
        const request = hostileRequest();
        const answer = await exchange(connection, request);
        judge(request, answer);
        if (answer && !connection.isClosed() && answer.headers.get('connection') !== 'close') continue;
        connection.close();
        connection = await openConnection(server.url);
      }
      connection.close();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, sender));
    console.log(`SEED=${seed}`, Object.fromEntries([...seen].sort(([a], [b]) => a - b)));

    expect(faults, `SEED=${seed}`).toEqual([]);
    for (const status of [200, 201, 400, 404, 405, 413, 415]) {
      expect(seen.get(status) ?? 0, `answers ${status}, SEED=${seed}`).toBeGreaterThan(10);
    }
    expect(await readKept(), `SEED=${seed}`).toEqual(before);
    expect((await fetch(`${server.url}/v1/health`)).status).toBe(200);
    expect(server.errors(), `SEED=${seed}`).toBe('');
  });

  async function createKept(): Promise<void> {
    for (const id of kept) {
      const created = await fetch(`${server.url}/v1/jobs`, {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ id, user: 'keeper', nodes: ['k1', 'k2'] }),
      });
      expect(created.status).toBe(201);
      const sampled = await fetch(`${server.url}/v1/jobs/${encodeURIComponent(id)}/metrics`, {
        method: 'POST',
        headers: json,
        body: '{"cpu_usage":12.5,"memory_usage_mb":100}',
      });
      expect(sampled.status).toBe(201);
    }
  }

  async function readKept(): Promise<unknown> {
    const read = async (path: string) => (await fetch(`${server.url}${path}`)).json();
    const each = kept.map(async (id) => [
      await read(`/v1/jobs/${encodeURIComponent(id)}`),
      await read(`/v1/jobs/${encodeURIComponent(id)}/metrics`),
    ]);
    return [await read('/v1/jobs?user=keeper'), await Promise.all(each)];
  }

  interface HostileRequest {
    readonly method: string;
    readonly path: string;
    readonly headers: readonly string[];
    readonly body: Uint8Array;
    readonly isChunked: boolean;
  }

  function hostileRequest(): HostileRequest {
    const body = chance(0.01) ? Buffer.alloc(2 * 1024 * 1024, ' ') : hostileBody();
    const isBare = body.length === 0 && chance(0.5);
    const isChunked = !isBare && chance(0.3);
    const framing = isBare
      ? []
      : [isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`];
    const type = chance(0.8) ? ['Content-Type: application/json'] : pick(TYPES);
    const [method, path] = chance(0.6) ? pick(WRITES) : [pick(METHODS), hostilePath()];
    return { method, path, headers: [...framing, ...type], body, isChunked };
  }

  function hostilePath(): string {
    if (chance(0.5)) return pick(PATHS);
    const parts = Array.from({ length: whole(6) }, () => pick(PATH_PARTS));
    const query = chance(0.5) ? `?${pick(QUERIES)}` : '';
    return `${pick(['/v1/jobs', '/v1', ''])}/${parts.join('/')}${query}`;
  }

  function hostileBody(): Uint8Array {
    if (chance(0.1)) return new Uint8Array(0);
    if (chance(0.05)) return Buffer.from(pick(VALID));
    const bytes = Buffer.from(chance(0.6) ? hostileFields() : pick(BROKEN));
    if (bytes.length > 0 && chance(0.1)) bytes[whole(bytes.length)] = whole(256);
    return chance(0.05) ? bytes.subarray(0, whole(bytes.length)) : bytes;
  }

  /** Makes an object of known and unknown fields with values of any kind. */
  function hostileFields(): string {
    const fields = Array.from({ length: whole(6) }, () => {
      const value = chance(0.4) ? pick(GOOD_VALUES) : pick(VALUES);
      return `"${pick(FIELDS)}":${value}`;
    });
    return `{${fields.join(',')}}`;
  }

  async function exchange(connection: Connection, request: HostileRequest): Promise<Answer | undefined> {
    const { method, path, headers, body, isChunked } = request;
    connection.send(`${[`${method} ${path} HTTP/1.1`, 'Host: localhost', ...headers].join('\r\n')}\r\n\r\n`);
    if (isChunked) {
      for (let start = 0; start < body.length; start += 64 * 1024) {
        const chunk = body.subarray(start, start + 64 * 1024);
        connection.send(`${chunk.length.toString(16)}\r\n`);
        connection.send(chunk);
        connection.send('\r\n');
      }
      connection.send('0\r\n\r\n');
    } else if (body.length > 0) {
      connection.send(body);
    }
    return connection.receive({ toHead: method === 'HEAD' });
  }

  function findFault({ method }: HostileRequest, answer: Answer | undefined): string | undefined {
    if (!answer) return 'no answer';
    const { status, headers, body } = answer;
    if (status < 400) return undefined;
    if (status >= 500) return `${status} ${body}`;
    if (!headers.get('content-type')?.startsWith('application/json')) {
      return `${status} as ${headers.get('content-type')}`;
    }
    if (method === 'HEAD') return undefined;
    return hasErrorShape(body) ? undefined : `${status} in another shape: ${body}`;
  }

  function describeRequest({ method, path, headers, body }: HostileRequest): string {
    return `${method} ${path} ${headers.join(', ')} ${JSON.stringify(Buffer.from(body).toString('latin1').slice(0, 300))}`;
  }
}

function hasErrorShape(text: string): boolean {
  try {
    const body = JSON.parse(text);
    return (
      Object.keys(body).join() === 'error,message' && /^[a-z_]+$/.test(body.error) && body.message.length > 0
    );
  } catch {
    return false;
  }
}

const WRITES = [
  ['POST', '/v1/jobs'],
  ['PATCH', '/v1/jobs/victim'],
  ['POST', '/v1/jobs/victim/metrics'],
] as const;
const VALID = [
  '{"id":"victim","user":"v","nodes":["n1","n2"]}',
  '{"state":"failed"}',
  '{"cpu_usage":1,"memory_usage_mb":1}',
];
const METHODS = ['POST', 'PATCH', 'PUT', 'GET', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE'];
const TYPES = [
  [],
  ['Content-Type: text/plain'],
  ['Content-Type: application/x-www-form-urlencoded'],
  ['Content-Type: multipart/form-data; boundary=x'],
  ['Content-Type: application/json; charset=utf-16'],
  ['Content-Type: APPLICATION/JSON'],
  ['Content-Type: application/octet-stream'],
  ['Content-Type: ;;;'],
  ['Content-Type: application/json', 'Content-Encoding: gzip'],
];
const PATHS = [
  '/v1/jobs',
  '/v1/jobs/victim',
  '/v1/jobs/victim/metrics',
  '/v1/jobs/nobody',
  '/v1/jobs/nobody/metrics',
  '/v1/health',
  '/metrics',
  '/swagger',
];
const PATH_PARTS = [
  '%',
  '%zz',
  '%ff%fe',
  '%00',
  '%c0%af',
  '%ed%a0%80',
  '%2e%2e',
  '..',
  '.',
  '',
  '%2F',
  ':jobId',
  '*',
  '__proto__',
  'constructor',
  'metrics',
  "'; DROP TABLE job; --".replaceAll(' ', '%20'),
  'x'.repeat(300),
  'y'.repeat(3000),
  '\u00e9',
  'a"b',
  'a\\b',
  '{}',
];
const QUERIES = [
  '',
  '?',
  '&&&',
  'limit=-1',
  'limit=1e3',
  'limit=99999999999999999999',
  'offset=9007199254740993',
  'limit=1&limit=2',
  '__proto__=1',
  'state=%ff',
  'state=done',
  'user=%00',
  'node=%',
  'start_time=yesterday',
  'end_time=9999-99-99',
  `user=${'u'.repeat(500)}`,
];
const BROKEN = [
  '{',
  '[',
  '"',
  '{"id":',
  '{"id":"x",}',
  "{'id':'x'}",
  'undefined',
  'NaN',
  '{"cpu_usage":NaN,"memory_usage_mb":1}',
  '{"cpu_usage":Infinity,"memory_usage_mb":-Infinity}',
  'null',
  'true',
  '0',
  '""',
  '[]',
  '[[[[]]]]',
  '\ufeff{}',
  '{}{}',
  '{"id":"a","id":"b","user":"u","nodes":["n"],"id":null}',
  '['.repeat(20_000),
  `${'['.repeat(5000)}${']'.repeat(5000)}`,
  `${'{"id":'.repeat(3000)}1${'}'.repeat(3000)}`,
  '{"__proto__":{"id":"x","user":"u","nodes":["n"]}}',
  '{"constructor":{"prototype":{"id":"x"}}}',
  new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  new Uint8Array([0xed, 0xa0, 0x80]),
  new Uint8Array([0x1f, 0x8b, 0x08, 0x00]),
  new Uint8Array(64),
];
const FIELDS = [
  'id',
  'id',
  'user',
  'nodes',
  'state',
  'cpu_usage',
  'memory_usage_mb',
  'gpu_usage',
  'timestamp',
  'node',
  '__proto__',
  'toString',
  'hasOwnProperty',
  'limit',
  '',
  'Id',
];
const GOOD_VALUES = [
  '"victim"',
  '["n1","n2"]',
  '50',
  '0',
  '100',
  '"running"',
  '"failed"',
  '"2026-01-20T10:00:00Z"',
];
const VALUES = [
  'null',
  'true',
  '-1',
  '-0',
  '1e308',
  '1e999',
  '-1e999',
  '1e-400',
  '0.1',
  '100.00000000000001',
  '9007199254740993',
  '123456789012345678901234567890',
  '"75"',
  '""',
  '" "',
  '"\\u0000"',
  '"a\\nb"',
  '"\\u001b[31m"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\u202e"',
  `"${'x'.repeat(257)}"`,
  `"${'😀'.repeat(256)}"`,
  '[]',
  '[[]]',
  '[null]',
  '[1]',
  '["n","n"]',
  '["\\ud800"]',
  '{}',
  '{"__proto__":1}',
  '{"toJSON":1}',
  '"9999-12-31T23:59:59Z"',
  '"2026-02-30T00:00:00Z"',
  '"done"',
];

/** Makes a generator of random numbers (mulberry32) from a seed, so that a run can be repeated. */
function randomFrom(start: number) {
  let state = start;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (below: number) => Math.floor(next() * below);
  return {
    whole,
    chance: (probability: number) => next() < probability,
    pick: <Item>(items: readonly Item[]): Item => items[whole(items.length)]!,
  };
}
