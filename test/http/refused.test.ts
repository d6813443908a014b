import { afterAll, beforeAll, expect, test } from 'bun:test';
import { listReadings } from '../help/readings.ts';
import { startService } from '../help/service.ts';
import { type Row, titleOf } from './requests.ts';
import { documentChecker } from './response/document.ts';

const JOB = { id: 'new', user: 'alice', nodes: ['n1'] };
const SAMPLE = { cpu_usage: 1, memory_usage_mb: 1 };
const A = '/v1/jobs/a';
const METRICS = '/v1/jobs/a/metrics';
const LONGEST = 'x'.repeat(256);
/** Words that no message may contain, because they show the inside of the service. */
const INSIDE = ['TypeBox', 'schema', 'anyOf', 'src/', 'SQLITE', '    at '];

type Case = [body: unknown, ...says: string[]];

function bad(method: string, path: string, cases: readonly Case[]): Row[] {
  return cases.map(([body, ...says]) => ({
    send: [method, path, body],
    status: 400,
    error: 'validation_error',
    says,
  }));
}

/** Puts each of several wrong values of a field into a valid body. */
function wrong(
  method: string,
  path: string,
  base: object,
  field: string,
  values: readonly unknown[],
  ...says: string[]
) {
  return bad(
    method,
    path,
    values.map((value): Case => [{ ...base, [field]: value }, field, ...says]),
  );
}

/** JSON carries these as escapes; a lone surrogate would be read back from disk as another text. */
const NO_IDENTITY = ['', 'a\nb', 'a\tb', '\u0000', '\u007f', '\u0085', `${LONGEST}x`, '🧪'.repeat(257)];
const LONE = ['\ud800', 'a\udc00b'];
const NO_TEXT = [5, true, {}, ['x']];
const NO_PERCENT = ['75', true, {}, [], '', -0.001, 100.001, -1, 101];
const NO_MEMORY = ['4096', 1.5, -1, 2 ** 33 + 1, true, {}, []];

const USAGE_FIELDS = (method: string, path: string, base: object): Row[] => [
  ...wrong(method, path, base, 'cpu_usage', NO_PERCENT),
  ...wrong(method, path, base, 'gpu_usage', NO_PERCENT),
  ...wrong(method, path, base, 'memory_usage_mb', NO_MEMORY),
  ...bad(method, path, [
    [{ ...base, cpu_usage: 101 }, 'cpu_usage must be at most 100'],
    [{ ...base, cpu_usage: -1 }, 'cpu_usage must be at least 0'],
    [{ ...base, cpu_usage: '75' }, 'cpu_usage must be a number'],
    [{ ...base, memory_usage_mb: 1.5 }, 'memory_usage_mb must be an integer'],
    [{ ...base, gpu_usag: 5 }, 'gpu_usag is not a known field'],
    [{ ...base, 'a/b~c': 5 }, 'a/b~c is not a known field'],
    [`{"cpu_usage":1e999,"memory_usage_mb":1}`, 'cpu_usage'],
    [[], 'must be an object'],
    ['null', 'must be an object'],
    ['5', 'must be an object'],
    ['"text"', 'must be an object'],
    ['true', 'must be an object'],
  ]),
];

const NEW_JOB: Row[] = [
  ...wrong('POST', '/v1/jobs', JOB, 'id', [...NO_IDENTITY, ...LONE, ...NO_TEXT]),
  ...wrong('POST', '/v1/jobs', JOB, 'user', [...NO_IDENTITY, ...LONE, ...NO_TEXT]),
  ...wrong('POST', '/v1/jobs', JOB, 'nodes', [5, 'n1', {}, []]),
  ...wrong(
    'POST',
    '/v1/jobs',
    JOB,
    'nodes',
    [...NO_IDENTITY, ...LONE, ...NO_TEXT, null].map((node) => ['n1', node]),
    'nodes.1',
  ),
  ...bad('POST', '/v1/jobs', [
    [{ ...JOB, id: undefined }, 'id is required'],
    [{ ...JOB, user: undefined }, 'user is required'],
    [{ ...JOB, nodes: undefined }, 'nodes is required'],
    [{ ...JOB, id: null }, 'id must be a string'],
    [{ ...JOB, user: null }, 'user must be a string'],
    [{ ...JOB, nodes: null }, 'nodes must be an array'],
    [{ ...JOB, id: '.' }, 'id must not be "."'],
    [{ ...JOB, id: '..' }, 'id must not be "."'],
    [{ ...JOB, color: null }, 'color is not a known field'],
    [{}, 'is required'],
    [{ ...JOB, id: 5 }, 'id must be a string'],
    [{ ...JOB, nodes: [] }, 'nodes must not be empty'],
    [{ ...JOB, nodes: 'n1' }, 'nodes must be an array'],
    [{ ...JOB, nodes: ['n1', 'n2', 'n1'] }, 'nodes must not name the same node twice'],
    [{ ...JOB, id: `${LONGEST}x` }, 'id must have 1 to 256 characters'],
    [{ ...JOB, user: '\u0000' }, 'control character'],
    [{ ...JOB, user: 'a\ud800' }, 'user must be well-formed Unicode'],
    [{ ...JOB, state: 'running' }, 'state is not a known field'],
    [{ ...JOB, start_time: '2026-01-20T10:00:00Z' }, 'start_time is not a known field'],
    [`{"id":"x","user":"u","nodes":["n"],"__proto__":{"a":1}}`, '__proto__ is not a known field'],
    [[JOB], 'must be an object'],
    ['null', 'must be an object'],
  ]),
  {
    send: ['POST', '/v1/jobs', { ...JOB, id: 'a' }],
    status: 409,
    error: 'conflict',
    says: ['"a"', 'already exists'],
  },
];

const PATCHES: Row[] = [
  ...USAGE_FIELDS('PATCH', A, {}),
  ...wrong('PATCH', A, {}, 'state', ['RUNNING', 'done', '', 1, true, ['running']]),
  ...bad('PATCH', A, [
    [{ state: 'done' }, 'state must be one of pending, running, completed, failed, cancelled'],
    [{ user: 'bob' }, 'user is not a known field'],
    [{ state: 'failed', cpu_usage: 101 }, 'cpu_usage'],
  ]),
];

const SAMPLES: Row[] = [
  ...USAGE_FIELDS('POST', METRICS, SAMPLE),
  ...wrong('POST', METRICS, SAMPLE, 'node', [...NO_IDENTITY, ...LONE, ...NO_TEXT]),
  ...wrong('POST', METRICS, SAMPLE, 'timestamp', [
    ...['', 'now', '2026-02-30T00:00:00Z', '1700000000', '1969-12-31T23:59:59Z', '2026-01-20T25:00Z'],
    ...NO_TEXT,
  ]),
  ...bad('POST', METRICS, [
    [{ memory_usage_mb: 1 }, 'cpu_usage is required'],
    [{ cpu_usage: 1 }, 'memory_usage_mb is required'],
    [{ ...SAMPLE, cpu_usage: null }, 'cpu_usage must be a number'],
    [{ ...SAMPLE, memory_usage_mb: null }, 'memory_usage_mb must be an integer'],
    [{}, 'is required'],
    [{ ...SAMPLE, timestamp: 'yesterday' }, 'timestamp', 'ISO 8601', '"yesterday"'],
    [{ ...SAMPLE, timestamp: '2026-01-20T12:10:00.001Z' }, 'timestamp', '10 minutes in the future'],
    [{ ...SAMPLE, timestamp: '2026-01-20T13:10:01+01:00' }, '10 minutes in the future', 'clock'],
    [{ ...SAMPLE, node: 'n9' }, 'node "n9" is not one of the nodes of the job'],
    [{ ...SAMPLE, node: 'N1' }, 'node "N1"'],
  ]),
];

const query = (path: string, cases: readonly [string, ...string[]][]): Row[] =>
  cases.map(([search, ...says]) => ({
    send: ['GET', `${path}?${search}`],
    status: 400,
    error: 'validation_error',
    says,
  }));

const LIMITS: [string, ...string[]][] = [
  '0',
  '-1',
  '1.5',
  '1e3',
  '',
  ' ',
  'ten',
  '0x10',
  '%2B5',
  '9'.repeat(30),
].map((text) => [`limit=${text}`, 'limit must be a whole number from 1']);

const QUERIES: Row[] = [
  ...query('/v1/nodes/n1/usage', [
    ['field=watts', 'field must be one of cpus, memory_mb, gpus'],
    ['columns=301', 'columns'],
    ['start_time=2026-01-21&end_time=2026-01-20', 'start_time must be before end_time'],
    ['end_time=soon', 'end_time'],
    ['node=n2', 'not a known parameter'],
  ]),
  ...query('/v1/jobs', [
    ...LIMITS,
    ['limit=10001', 'from 1 to 10000', '"10001"'],
    ['offset=-1', 'offset must be a whole number from 0'],
    ['offset=9007199254740992', 'offset'],
    ['offset=', 'offset'],
    ['state=RUNNING', 'state must be one of pending, running, completed, failed, cancelled', '"RUNNING"'],
    ['state=', 'state must be one of'],
    ['user=', 'user must have 1 to 256 characters'],
    [`user=${LONGEST}x`, 'user'],
    ['user=a%00b', 'user', 'control character'],
    ['node=', 'node must have 1 to 256 characters'],
    ['node=a%0Ab', 'node', 'control character'],
    ['stat=running', '"stat" is not a known parameter', 'state, user, node, limit, offset'],
    ['State=running', '"State"'],
    ['page=2', '"page"'],
    ['limit=1&limit=1', 'limit is given more than once'],
    ['sort=start_time&sort=start_time', 'sort is given more than once'],
    ['state=failed,', 'state must be one of', '""'],
    ['state=failed&state=done', '"done"'],
    [`user=a,${LONGEST}x`, 'user must have 1 to 256 characters'],
    [`node=${LONGEST},${LONGEST},`, 'node must have 1 to 256 characters'],
    ['node=n1&node=', 'node must have 1 to 256 characters'],
    [`user=${'u,'.repeat(100)}u`, 'user must have at most 100 names'],
    ['since=yesterday', 'since must be an ISO 8601 time', '"yesterday"'],
    ['until=', 'until must be an ISO 8601 time'],
    ['min_runtime=', 'min_runtime must be whole seconds or a duration such as 90s'],
    ['min_runtime=-1', 'min_runtime'],
    ['min_runtime=1.5h', 'min_runtime', '"1.5h"'],
    ['q=', 'q must have 1 to 256 characters'],
    ['q=%00', 'q must have 1 to 256 characters, none of them a control character'],
    ['q=num%00zzz', 'q must have 1 to 256 characters, none of them a control character'],
    ['user=alice,%00', 'user must have 1 to 256 characters, none of them a control character'],
    ['node=%00', 'node must have 1 to 256 characters, none of them a control character'],
    ['name=a%00b', 'name must have 1 to 256 characters, none of them a control character'],
    ['cursor=%00', 'cursor does not belong to this list'],
    ['since=2026-01-20T12:00:00Z%00', 'since must be'],
    [`q=${LONGEST}x`, 'q must have 1 to 256 characters'],
    [
      'sort=user',
      'sort must be one of start_time, end_time, runtime, wait, nodes, cpus, gpus, cpu_usage, memory_usage',
    ],
    ['order=down', 'order must be one of asc, desc'],
    ['format=xml', 'format must be one of json, csv, ndjson'],
    ['sort=cpu_usage&offset=100001', 'offset must be at most 100000', 'cursor'],
    ['cursor=', 'cursor must have 1 to 4096 characters'],
    ['cursor=x', 'start again without cursor'],
    ['cursor=e30', 'start again without cursor'],
    ['cursor=bnVsbA', 'start again without cursor'],
    ['cursor=e30&offset=0', 'cursor and offset', 'only one'],
    ['limit=0&format=csv', 'limit must be a whole number from 1'],
    ['stat=running&format=csv', '"stat" is not a known parameter'],
  ]),
  ...query(METRICS, [
    ...LIMITS,
    ['limit=100001', 'from 1 to 100000'],
    ['offset=0', '"offset" is not a known parameter', 'start_time, end_time, limit'],
    ['start_time=', 'start_time must be an ISO 8601 time'],
    ['start_time=yesterday', 'start_time', '"yesterday"'],
    ['start_time=1700000000', 'start_time'],
    ['start_time=2026-02-30', 'start_time'],
    ['end_time=2026-01-20T10:00:00%2B99:00', 'end_time'],
    ['start_time=2026-01-20&start_time=2026-01-21', 'start_time is given more than once'],
    ['fields=', 'fields must have 1 to 2000 characters'],
    [
      'fields=cpu_usage,io_reed_bytes',
      'fields has "io_reed_bytes", which is not a field; write io_read_bytes.',
    ],
    [
      'fields=weather&max_points=5',
      '"weather", which is not a field: it takes cpu_usage, memory_usage_mb, gpu_usage, or',
    ],
    ['fields=timestamp', '"timestamp"'],
    [`fields=${'x'.repeat(2001)}`, 'fields must have 1 to 2000 characters'],
    ['fields=cpu_usage&fields=gpu_usage', 'fields is given more than once'],
    ['by=node', 'by must be one of gpu'],
    [
      'by=gpu&fields=cpu_usage',
      'cpu_usage is measured of the job on a node',
      'by=gpu has gpu_utilization_percent',
    ],
    ['by=gpu&fields=gpu_power_watts,cpu_seconds&format=csv', 'cpu_seconds is measured of the job on a node'],
  ]),
];

const text = (path: string, says: string[], error = 'not_found', status = 404) => ({
  path,
  says,
  error,
  status,
});
const ABSENT: Row[] = [
  text('/v1/jobs/missing', ['There is no job with the id', 'missing']),
  text('/v1/jobs/A', ['"A"']),
  text('/v1/jobs/%00', ['\\u0000']),
  text(`/v1/jobs/${'x'.repeat(300)}`, ['There is no job']),
].flatMap(({ path, says, error, status }) =>
  [
    { send: ['GET', path] as const },
    { send: ['PATCH', path, { state: 'failed' }] as const },
    { send: ['DELETE', path] as const },
    { send: ['GET', `${path}/metrics`] as const },
    { send: ['POST', `${path}/metrics`, SAMPLE] as const },
  ].map((row) => ({ ...row, says, error, status })),
);

const NOWHERE: Row[] = [
  '/nowhere',
  '/v1',
  '/v1/nope',
  '/v1/jobs//metrics',
  '/v1/jobs/a/b',
  '/v2/jobs',
  '/V1/jobs',
  '/metrics/x',
].map((path) => ({
  send: ['GET', path],
  status: 404,
  error: 'not_found',
  says: ['There is nothing at', path],
}));

const BROKEN_PATHS: Row[] = ['%zz', '%', '%E0%A4%A', '%ff', '%C3%28'].flatMap((id): Row[] => [
  { send: ['GET', `/v1/jobs/${id}`], status: 404, error: 'not_found', says: ['percent-encoded', id] },
  { send: ['PATCH', `/v1/jobs/${id}`, {}], status: 404, error: 'not_found' },
  { send: ['DELETE', `/v1/jobs/${id}`], status: 404, error: 'not_found' },
  { send: ['GET', `/v1/jobs/${id}/metrics`], status: 404, error: 'not_found' },
  { send: ['POST', `/v1/jobs/${id}/metrics`, SAMPLE], status: 404, error: 'not_found' },
]);

const WRITES = [
  ['POST', '/v1/jobs'],
  ['PATCH', A],
  ['POST', METRICS],
] as const;
const BODIES: Row[] = WRITES.flatMap(([method, path]): Row[] => [
  ...['', ' ', '\n\t'].map(
    (body): Row => ({
      send: [method, path, body],
      status: 400,
      error: 'invalid_request',
      says: ['The body is empty'],
    }),
  ),
  ...[
    ['['.repeat(40_000) + ']'.repeat(40_000), 'deeper than 32 levels'],
    [`{"a":${'['.repeat(32)}${']'.repeat(32)}}`, 'deeper than 32 levels'],
    [`{${Array.from({ length: 1001 }, (_, at) => `"k${at}":0`)}}`, 'more than 1000 keys'],
    [`{"a":[${'0,'.repeat(300_000)}0]}`, 'more than 250000 values'],
    ['[]]', 'not valid JSON'],
  ].map(
    ([body, says]): Row => ({
      send: [method, path, body],
      status: 400,
      error: 'invalid_request',
      says: [says!],
    }),
  ),
  ...['utf-16', 'iso-8859-1', '"latin1"', ''].map(
    (charset): Row => ({
      send: [method, path, '{}', { 'content-type': `application/json; charset=${charset}` }],
      status: 415,
      error: 'unsupported_media_type',
      says: ['UTF-8'],
    }),
  ),
  ...['{', '{"a":}', "{'a':1}", '{}x', 'NaN', '{"a":1,}', '\u0000'].map(
    (body): Row => ({
      send: [method, path, body],
      status: 400,
      error: 'invalid_request',
      says: ['not valid JSON'],
    }),
  ),
  {
    send: [method, path, new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    status: 400,
    error: 'invalid_request',
    says: ['UTF-8'],
  },
  ...[
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'application/problem+json',
    'text/json',
    '',
  ].map(
    (type): Row => ({
      send: [method, path, '{}', { 'content-type': type }],
      status: 415,
      error: 'unsupported_media_type',
      says: ['application/json'],
    }),
  ),
  { send: [method, path], status: 415, error: 'unsupported_media_type' },
]);

const ROWS = [
  ...NEW_JOB,
  ...PATCHES,
  ...SAMPLES,
  ...QUERIES,
  ...ABSENT,
  ...NOWHERE,
  ...BROKEN_PATHS,
  ...BODIES,
].map((row): [string, Row] => [titleOf(row), row]);

let service: Awaited<ReturnType<typeof startService>>;
let before: unknown;
let document: ReturnType<typeof documentChecker>;
const everything = async () => ({
  list: await service.store.listJobs({}, { limit: 100, offset: 0 }),
  samples: await listReadings(service.store, 'a', {}, 100),
  totals: await service.store.countJobs(),
});

beforeAll(async () => {
  service = await startService();
  await service.send('POST', '/v1/jobs', { id: 'a', user: 'alice', nodes: ['n1', 'n2'] });
  await service.send('POST', METRICS, { cpu_usage: 12.5, memory_usage_mb: 34, gpu_usage: 5 });
  before = await everything();
  document = documentChecker((await service.send('GET', '/swagger/json')).json);
});

afterAll(() => service[Symbol.asyncDispose]());

test.each(ROWS)('the request %s', async (_, { send, status, error, says = [] }) => {
  const answer = await service.send(...send);
  expect({ status: answer.status, json: answer.json }).toEqual({
    status,
    json: { error, message: expect.any(String) },
  });
  expect(answer.headers.get('content-type')).toStartWith('application/json');
  for (const words of says) expect(answer.json.message).toContain(words);
  for (const words of INSIDE) expect(answer.text).not.toContain(words);
  expect(answer.json.message).toEndWith('.');
  expect(answer.text.length).toBeLessThan(500);
  const [method, path] = send;
  if (document.find(method, path)) document.answer(method, path, answer);
});

test('refused requests change nothing and log nothing', async () => {
  expect(await everything()).toEqual(before as never);
  expect(service.logged).toEqual([]);
});
