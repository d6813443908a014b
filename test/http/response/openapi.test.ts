import { afterAll, beforeAll, expect, test } from 'bun:test';
import Ajv from 'ajv';
import { ANYBODY } from '../../../src/domain/caller.ts';
import { PAGES_ACCESS } from '../../../src/http/routes/pages.ts';
import { pastJob } from '../../help/builders.ts';
import { startService } from '../../help/service.ts';
import { documentChecker, type OpenApi } from './document.ts';
import { OPENAPI_3_0 } from './openapi-schema.ts';

let service: Awaited<ReturnType<typeof startService>>;
let document: OpenApi;

beforeAll(async () => {
  service = await startService();
  document = (await service.send('GET', '/swagger/json')).json;
});

afterAll(() => service[Symbol.asyncDispose]());

/** Yields every value of the document with the keys that lead to it. */
function* walk(value: unknown, path: readonly string[] = []): Generator<[readonly string[], unknown]> {
  yield [path, value];
  if (value === null || typeof value !== 'object') return;
  for (const [key, child] of Object.entries(value)) yield* walk(child, [...path, key]);
}

/** Returns what of a document is not OpenAPI 3.0.3, as text. */
function faultsOf(candidate: unknown): string {
  const ajv = new Ajv({ strict: false, allErrors: true });
  const check = ajv.compile(OPENAPI_3_0);
  return check(candidate) ? '' : ajv.errorsText(check.errors);
}

test('the document is OpenAPI 3.0.3', () => {
  expect(faultsOf(document)).toBe('');
});

test.each([
  ['const', { type: 'string', const: 'running' }],
  ['a choice of schemas', { anyOf: [{ type: 'string' }, { type: 'integer' }] }],
  ['no type', { description: 'anything' }],
  ['a list of types', { type: ['string', 'null'] }],
])('a schema with %s is not OpenAPI 3.0.3', (_, schema) => {
  const { components } = document;
  expect(faultsOf({ ...document, components: { schemas: { ...components.schemas, Odd: schema } } })).not.toBe(
    '',
  );
});

test('every reference has a target, and every named schema is used', () => {
  const used = new Set<unknown>();
  for (const [path, value] of walk(document)) if (path.at(-1) === '$ref') used.add(value);
  const named = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  expect([...used].sort()).toEqual(named.sort());
});

/** The details of a job. */
const DETAILS = [
  ...['name', 'account', 'partition', 'qos', 'cluster', 'submit_time', 'time_limit_seconds', 'cpus'],
  ...['memory_limit_mb', 'gpus', 'node_count', 'work_dir', 'array_job_id', 'array_task_id'],
  ...['array_task_limit', 'exit_code', 'signal'],
  ...['raw_state', 'reason', 'restarts', 'sluid', 'suspended_seconds', 'energy_joules', 'energy_method'],
  'allocations',
].map((field) => `${field}?`);

/**
 * The API reference as a table: parameters, fields of the body
 * (! means required, ? nullable) and statuses by operation.
 */
/** What selects and sorts jobs, in the order of the document. */
const SELECTION = [
  ...['since', 'until'],
  ...['account', 'partition', 'qos', 'name', 'array_job_id', 'cluster', 'raw_state', 'reason'],
  ...['finding', 'severity', 'sluid'],
  ...['runtime', 'wait', 'nodes', 'cpus', 'gpus'].flatMap((name) => [`min_${name}`, `max_${name}`]),
  ...['cpu_usage', 'memory_usage_mb', 'memory_percent'].flatMap((name) => [`min_${name}`, `max_${name}`]),
  ...['min_gpu_usage', 'max_gpu_usage', 'q'],
  ...['sort', 'order'],
];

const REFERENCE: Record<string, { parameters?: string[]; body?: string[]; statuses: number[] }> = {
  'get /v1/health': { statuses: [200, 500, 503] },
  'get /v1/jobs': {
    parameters: ['state', 'user', 'node', 'limit', 'offset', ...SELECTION, 'cursor', 'format'],
    statuses: [200, 400, 500, 503],
  },
  'post /v1/jobs': {
    body: ['id!', 'user!', 'nodes!', ...DETAILS],
    statuses: [201, 400, 409, 413, 415, 500, 503],
  },
  'get /v1/jobs/{jobId}': { parameters: ['jobId!'], statuses: [200, 404, 500, 503] },
  'patch /v1/jobs/{jobId}': {
    parameters: ['jobId!'],
    body: ['state?', 'cpu_usage?', 'memory_usage_mb?', 'gpu_usage?', ...DETAILS],
    statuses: [200, 400, 404, 413, 415, 500, 503],
  },
  'delete /v1/jobs/{jobId}': { parameters: ['jobId!'], statuses: [204, 404, 500, 503] },
  'get /v1/jobs/{jobId}/summary': {
    parameters: ['jobId!', 'run'],
    statuses: [200, 400, 404, 500, 503],
  },
  'get /v1/jobs/{jobId}/findings': {
    parameters: ['jobId!', 'run'],
    statuses: [200, 400, 404, 500, 503],
  },
  'get /v1/jobs/{jobId}/sizing': {
    parameters: ['jobId!', 'run'],
    statuses: [200, 400, 404, 500, 503],
  },
  'post /v1/findings': { statuses: [200, 500, 503] },
  'get /v1/sparklines': { parameters: ['job', 'points'], statuses: [200, 400, 500, 503] },
  'get /v1/jobs/{jobId}/heatmap': {
    parameters: ['jobId!', 'field', 'columns', 'start_time', 'end_time', 'node', 'run', 'by'],
    statuses: [200, 400, 404, 500, 503],
  },
  'get /v1/jobs/{jobId}/quality': {
    parameters: ['jobId!', 'run'],
    statuses: [200, 400, 404, 500, 503],
  },
  'get /v1/names': { parameters: ['kind', 'prefix'], statuses: [200, 400, 500, 503] },
  'get /v1/jobs/{jobId}/wait': { parameters: ['jobId!'], statuses: [200, 404, 500, 503] },
  'get /v1/jobs/{jobId}/steps': { parameters: ['jobId!'], statuses: [200, 404, 500, 503] },
  'get /v1/nodes': { statuses: [200, 500, 503] },
  'get /v1/nodes/{node}': { parameters: ['node!'], statuses: [200, 404, 500, 503] },
  'get /v1/nodes/{node}/usage': {
    parameters: ['node!', 'field', 'start_time', 'end_time', 'columns'],
    statuses: [200, 400, 500, 503],
  },
  'get /v1/overview': { statuses: [200, 500, 503] },
  'get /v1/overview/history': { statuses: [200, 400, 500, 503], parameters: ['since', 'until'] },
  'get /v1/queue': { statuses: [200, 500, 503] },
  'get /v1/clusters': { statuses: [200, 500, 503] },
  'get /v1/clusters/jobs': {
    parameters: [
      ...['cluster', 'state', 'user', 'node'],
      ...SELECTION.filter((name) => name !== 'cluster'),
      ...['limit', 'cursor'],
    ],
    statuses: [200, 400, 500, 503],
  },
  'get /v1/notices': { parameters: ['user', 'limit', 'before'], statuses: [200, 400, 500, 503] },
  'get /v1/policies': { parameters: ['limit'], statuses: [200, 400, 500, 503] },
  'post /v1/policies/try': {
    body: ['name!', 'text!', 'since_seconds!'],
    statuses: [200, 400, 413, 415, 500, 503],
  },
  'post /v1/digest': { body: ['wanted!'], statuses: [200, 400, 413, 415, 500, 503] },
  'post /v1/digest/{link}': { parameters: ['link!'], statuses: [200, 404, 500, 503] },
  'get /v1/arrays/{arrayId}': { parameters: ['arrayId!'], statuses: [200, 404, 500, 503] },
  'get /v1/live': { statuses: [200, 500, 503] },
  'get /v1/usage': {
    parameters: ['group_by', 'since', 'until', 'user', 'account', 'partition', 'limit'],
    statuses: [200, 400, 500, 503],
  },
  'get /v1/waste': {
    parameters: [
      ...['group_by', 'since', 'until', 'user', 'account', 'partition', 'sort', 'limit', 'offset'],
    ],
    statuses: [200, 400, 500, 503],
  },
  'get /v1/users/{user}': { parameters: ['user!'], statuses: [200, 404, 500, 503] },
  'get /v1/users/{user}/card': { parameters: ['user!'], statuses: [200, 404, 500, 503] },
  'get /v1/accounts/{account}': { parameters: ['account!'], statuses: [200, 404, 500, 503] },
  'get /v1/jobs/{jobId}/runs': { parameters: ['jobId!'], statuses: [200, 404, 500, 503] },
  'get /v1/jobs/{jobId}/events': { parameters: ['jobId!'], statuses: [200, 404, 500, 503] },
  'get /v1/jobs/{jobId}/metrics': {
    parameters: [
      'jobId!',
      'start_time',
      'end_time',
      'limit',
      'node',
      'run',
      'order',
      'max_points',
      'fields',
      'by',
      'format',
    ],
    statuses: [200, 400, 404, 500, 503],
  },
  'post /v1/jobs/{jobId}/metrics': {
    parameters: ['jobId!'],
    body: ['cpu_usage!', 'memory_usage_mb!', 'gpu_usage?', 'timestamp?', 'node?'],
    statuses: [201, 400, 404, 413, 415, 500, 503],
  },
  'post /v1/samples': {
    body: ['samples!', 'report?', 'columns!', 'report?', 'gpus'],
    statuses: [200, 400, 413, 415, 500, 503],
  },
  'post /v1/ingest/remote-write': { statuses: [204, 400, 413, 415, 500, 503] },
  'post /v1/ingest/otlp': { body: ['resourceMetrics!'], statuses: [200, 400, 413, 415, 500, 503] },
  'post /v1/ingest/otlp/v1/metrics': {
    body: ['resourceMetrics!'],
    statuses: [200, 400, 413, 415, 500, 503],
  },
  'post /v1/jobs/batch': { body: ['jobs!'], statuses: [200, 400, 413, 415, 500, 503] },
  'post /v1/slurm/jobcomp': {
    body: ['jobid!', 'state!', '@end!'],
    statuses: [200, 400, 413, 415, 500, 503],
  },
  'post /v1/slurm/jobcomp/{token}': {
    parameters: ['token!'],
    body: ['jobid!', 'state!', '@end!'],
    statuses: [200, 400, 413, 415, 500, 503],
  },
  'post /v1/events/job-started': {
    body: [
      ...['job_id!', 'user!', 'node_list!', 'cpu_allocation?', 'gpu_allocation?', 'gpu_vendor?'],
      ...['gpu_devices?', 'cgroup_path?', 'sluid?', 'timestamp?'],
    ],
    statuses: [200, 400, 413, 415, 500, 503],
  },
  'post /v1/events/hook': {
    body: ['file!', 'variables!'],
    statuses: [200, 400, 409, 413, 415, 500, 503],
  },
  'post /v1/events/job-finished': {
    body: ['job_id!', 'final_state!', 'exit_code?', 'signal?', 'sluid?', 'timestamp?'],
    statuses: [200, 400, 413, 415, 500, 503],
  },
  'get /v1/whoami': { statuses: [200, 500] },
  'post /v1/sessions': { statuses: [201, 500, 503] },
  'delete /v1/sessions': { parameters: ['user'], statuses: [200, 400, 500, 503] },
  'delete /v1/sessions/current': { statuses: [204, 404, 500, 503] },
  'post /v1/sessions/links': { statuses: [201, 500, 503] },
  'get /v1/tokens': { statuses: [200, 500, 503] },
  'post /v1/tokens': {
    body: ['name!', 'role!', 'expires?'],
    statuses: [201, 400, 409, 413, 415, 500, 503],
  },
  'delete /v1/tokens/{name}': { parameters: ['name!'], statuses: [204, 400, 404, 500, 503] },
  'get /v1/audit': { parameters: ['limit', 'before'], statuses: [200, 400, 500, 503] },
  'get /metrics': { statuses: [200, 500, 503] },
};

interface ObjectSchema {
  readonly oneOf?: readonly ObjectSchema[];
  readonly properties: Record<string, { nullable?: boolean }>;
  readonly required?: readonly string[];
}

test('the document has the operations, parameters, fields and statuses of the API reference', () => {
  const described: typeof REFERENCE = {};
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { parameters, requestBody, responses }] of Object.entries(methods)) {
      const schema = requestBody?.content['application/json']?.schema as ObjectSchema | undefined;
      described[`${method} ${path}`] = {
        ...(parameters?.length && {
          parameters: parameters.map(({ name, in: place }) => (place === 'path' ? `${name}!` : name)),
        }),
        ...(schema && {
          body: (schema.oneOf ?? [schema]).flatMap(({ properties, required }) =>
            Object.entries(properties).map(
              ([field, { nullable }]) =>
                `${field}${required?.includes(field) ? '!' : ''}${nullable ? '?' : ''}`,
            ),
          ),
        }),
        // All operations may refuse a caller.
        statuses: Object.keys(responses)
          .map(Number)
          .filter((status) => ![401, 403, 429].includes(status)),
      };
    }
  }
  expect(described).toEqual(REFERENCE);
});

test('every operation says how to prove who sends it, and that it may refuse', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    // Whoever is not known may ask who they are.
    const isForAnyone = path === '/v1/whoami';
    // The link is the proof.
    if (path === '/v1/digest/{link}') continue;
    for (const { security, responses } of Object.values(methods)) {
      expect(security).toEqual([...(isForAnyone ? [{}] : []), { token: [] }, { session: [] }]);
      const refusals = isForAnyone ? ['401', '429'] : ['401', '403', '429'];
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(refusals));
    }
  }
});

test('the document has every route of the service except pages and the documentation, and no other', () => {
  const served = service.app.routes
    .filter(({ path }) => !path.startsWith('/swagger') && path !== '/v1/sign-in/:secret')
    .filter(({ method, path }) => method !== 'GET' || path !== '/v1/digest/:link')
    .filter(({ path }) => !PAGES_ACCESS.has(path))
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`);
  expect(served.sort()).toEqual(Object.keys(REFERENCE).sort());
  expect(Object.keys(document.paths).filter((path) => path.endsWith('/'))).toEqual([]);
});

test('every operation has a unique id', () => {
  const names = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  expect(new Set(names).size).toBe(names.length);
});

test('every parameter of a path is described', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
    for (const { parameters = [] } of Object.values(methods)) {
      expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(wanted);
    }
  }
});

const A = '/v1/jobs/a';
const NOON = '2026-01-20T12:00:00Z';
const BATCHES = ['/v1/samples', '/v1/jobs/batch'];
/** A day of good requests, in order. */
const GOOD: [method: string, path: string, body?: unknown][] = [
  ['GET', '/v1/health'],
  ['POST', '/v1/jobs', { id: 'a', user: '🧪', nodes: ['n1', 'n2'] }],
  ['POST', '/v1/jobs', { id: 'b', user: 'x'.repeat(256), nodes: ['n1'] }],
  ['GET', A],
  ['POST', `${A}/metrics`, { cpu_usage: 0, memory_usage_mb: 0 }],
  ['POST', `${A}/metrics`, { cpu_usage: 100, memory_usage_mb: 2 ** 33, gpu_usage: 99.5, node: 'n2' }],
  [
    'POST',
    `${A}/metrics`,
    { cpu_usage: 1, memory_usage_mb: 1, gpu_usage: null, timestamp: null, node: null },
  ],
  ['POST', `${A}/metrics`, { cpu_usage: 1, memory_usage_mb: 1, timestamp: '2026-01-20T10:00:00Z' }],
  ['GET', A],
  ['PATCH', A, {}],
  ['PATCH', A, { state: null, cpu_usage: null, memory_usage_mb: null, gpu_usage: null }],
  ['PATCH', A, { state: 'failed', cpu_usage: 33.3, memory_usage_mb: 5, gpu_usage: 0 }],
  ['GET', '/v1/jobs'],
  ['GET', '/v1/jobs?limit=1'],
  ['GET', '/v1/jobs?state=failed&user=🧪&node=n2&limit=1&offset=0'],
  [
    'GET',
    '/v1/jobs?state=failed,running&user=🧪&user=x&q=A&min_runtime=0&min_nodes=1&max_wait=2d&sort=gpu_usage&order=asc&limit=1',
  ],
  ['GET', '/v1/jobs?since=2026-01-20&until=2027-01-20&format=csv'],
  ['GET', '/v1/jobs?format=ndjson'],
  ['GET', '/v1/names?kind=user&prefix=u'],
  ['GET', `${A}/metrics`],
  ['GET', `${A}/metrics?start_time=2026-01-20&end_time=2026-01-21&limit=1`],
  ['GET', '/v1/sparklines?job=a&job=b&job=c&points=10'],
  ['GET', '/metrics'],
  ['POST', '/v1/samples', { samples: [{ job_id: 'a', cpu_usage: 1, memory_usage_mb: 1, newer: true }] }],
  [
    'POST',
    '/v1/samples',
    {
      samples: [
        { job_id: 'a', node: 'n2', timestamp: NOON, cpu_usage: 1, memory_usage_mb: 1, gpu_usage: null },
        { job_id: 'no', node: null, timestamp: null, cpu_usage: 1, memory_usage_mb: 1 },
        { job_id: 'a', node: 'n9', cpu_usage: 1, memory_usage_mb: 1 },
      ],
    },
  ],
  [
    'POST',
    '/v1/jobs/batch',
    {
      jobs: [
        { id: 'c', user: 'u', nodes: ['n1'] },
        { id: 'd', user: 'u', nodes: ['n1'], state: 'failed', start_time: NOON, end_time: NOON, newer: 1 },
        { id: 'a', user: 'u', nodes: ['n1'], state: null, start_time: null, end_time: null },
      ],
    },
  ],
  ['GET', '/v1/nodes'],
  ['GET', '/v1/nodes/n1'],
  ['GET', '/v1/nodes/n2/usage?field=memory_mb&columns=10'],
  ['PATCH', A, { state: 'pending' }],
  ['GET', A],
  ['DELETE', A],
];

test('good requests and their answers match the document', async () => {
  const check = documentChecker(document);
  for (const [method, path, body] of GOOD) {
    const answer = await service.send(method, path, body);
    const status = BATCHES.includes(path) ? 200 : ({ POST: 201, DELETE: 204 }[method] ?? 200);
    expect([method, path, answer.status]).toEqual([method, path, status]);
    if (body !== undefined) check.body(method, path, body);
    check.answer(method, path, answer);
  }
});

test('answers about callers and sessions match the document', async () => {
  const identity = { name: 'root', uid: 0, proof: 'kernel', isLocal: true } as const;
  const sight = { user: 'root', accounts: ['physics'] };
  await using fresh = await startService({ identify: () => ({ identity, role: 'admin', sight }) });
  const check = documentChecker(document);
  const sent: [method: string, path: string, status: number][] = [
    ['GET', '/v1/whoami', 200],
    ['POST', '/v1/sessions', 201],
    ['POST', '/v1/sessions/links', 201],
    ['DELETE', '/v1/sessions?user=root', 200],
    ['DELETE', '/v1/sessions?user=', 400],
    ['DELETE', '/v1/sessions/current', 404],
  ];
  for (const [method, path, status] of sent) {
    const answer = await fresh.send(method, path);
    expect([method, path, answer.status]).toEqual([method, path, status]);
    check.answer(method, path, answer);
  }
});

const YEAR_MS = 365 * 24 * 3_600_000;

test.each([0, 5])(
  'the example of every body and path is accepted by the service, also %p years later',
  async (years) => {
    const identity = { name: 'root', proof: 'kernel', isLocal: true } as const;
    await using fresh = await startService({ identify: () => ({ ...ANYBODY, identity }) });
    fresh.clock.advance(years * YEAR_MS);
    await fresh.store.createJobs([pastJob('of physics', { details: { account: 'physics' } })]);
    const check = documentChecker(document);
    const order = [
      'createToken',
      'createJob',
      'createJobs',
      'recordSamples',
      'recordSample',
      'jobStarted',
      'jobFinished',
      'hookCalled',
    ];
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        path,
        method: method.toUpperCase(),
        ...operation,
      })),
    );
    const rankOf = ({ operationId, method }: (typeof operations)[number]) =>
      method === 'DELETE' ? 99 : order.includes(operationId) ? order.indexOf(operationId) : 50;
    let bodies = 0;
    for (const one of operations.sort((a, b) => rankOf(a) - rankOf(b))) {
      const { path, method, parameters = [], requestBody } = one;
      // No text of an example can be one of remote write.
      if (requestBody?.content['application/x-protobuf']) continue;
      const { example } = (requestBody?.content['application/json']?.schema ?? {}) as { example?: unknown };
      expect([path, method, example !== undefined]).toEqual([path, method, requestBody !== undefined]);
      const given = new Map(parameters.map(({ name, example }) => [name, example ?? '']));
      const real = path.replace(/\{(\w+)\}/g, (_, name) => given.get(name)!);
      // A caller whom the kernel knows has no session; no job has steps without Slurm; none is of an array,
      // and no link is signed.
      if (['endSession', 'listSteps', 'getArray', 'refuseDigest'].includes(one.operationId)) continue;
      const query = parameters
        .filter((given) => given.in === 'query' && given.required)
        .map(({ name, example }) => `?${name}=${example}`);
      const { examples = {} } = requestBody?.content['application/json'] ?? {};
      for (const sent of [example, ...Object.values(examples).map(({ value }) => value)]) {
        const { status, json } = await fresh.send(method, real + query.join(''), sent);
        expect([method, real, Math.floor(status / 100), json?.refused ?? 0]).toEqual([method, real, 2, 0]);
        if (requestBody) check.body(method, real, sent);
      }
      bodies += Number(requestBody !== undefined);
    }
    expect(bodies).toBe(15);
  },
);

test('the document has the lengths, patterns and times that bodies are checked for', () => {
  const { schema } = document.paths['/v1/jobs/batch']!.post!.requestBody!.content['application/json'] as {
    schema: { properties: { jobs: { items: { properties: Record<string, object> } } } };
  };
  const { id, user, name, submit_time, end_time, nodes, exit_code } = schema.properties.jobs.items.properties;
  const controls = '[^\\u0000-\\u001f\\u007f-\\u009f]+$';
  expect(id).toMatchObject({ minLength: 1, maxLength: 256, pattern: `^(?!\\.\\.?$)${controls}` });
  expect(user).toMatchObject({ minLength: 1, maxLength: 256, pattern: `^${controls}` });
  expect(name).toMatchObject({ maxLength: 4096, pattern: '^[^\\u0000]*$', nullable: true });
  expect(submit_time).toMatchObject({ format: 'date-time', description: expect.stringContaining('is UTC') });
  expect(end_time).toMatchObject({ format: 'date-time' });
  expect(nodes).toMatchObject({ uniqueItems: true, minItems: 1, maxItems: 100_000 });
  expect(exit_code).toMatchObject({ minimum: 0, maximum: 2 ** 31 });
  for (const [path, value] of walk(document)) {
    if (path.at(-1) !== 'format' || !path.includes('schema')) continue;
    expect(value).toBe(path.includes('application/x-protobuf') ? 'binary' : 'date-time');
  }
});

const FILES = ['/swagger', '/swagger/json', '/swagger/ui.js', '/swagger/ui.css'];
test.each(FILES)('%s is compressed, has an ETag, and may not be framed', async (path) => {
  const plain = await service.send('GET', path);
  const packed = await service.app.handle(
    new Request(`http://localhost${path}`, { headers: { 'accept-encoding': 'gzip' } }),
  );
  expect(packed.headers.get('content-encoding')).toBe('gzip');
  expect(Buffer.from(Bun.gunzipSync(await packed.arrayBuffer())).toString()).toBe(plain.text);
  for (const headers of [plain.headers, packed.headers]) {
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(headers.get('vary')).toBe('accept-encoding');
    const tag = headers.get('etag')!;
    const encoding = headers.get('content-encoding') ?? 'identity';
    const again = { 'if-none-match': `"x", W/${tag}`, 'accept-encoding': encoding };
    const known = await service.send('GET', path, undefined, again);
    expect([known.status, known.text, known.headers.get('etag')]).toEqual([304, '', tag]);
  }
  expect(plain.headers.get('etag')).not.toBe(packed.headers.get('etag'));
  const policy = plain.headers.get('content-security-policy') ?? '';
  expect(policy.includes("frame-ancestors 'none'")).toBe(path === '/swagger');
});

test('browsers may not guess the type of any answer', async () => {
  for (const path of ['/v1/jobs', '/v1/jobs/none', '/v1/jobs?format=csv', '/v1/health', '/nowhere', ...FILES])
    expect([path, (await service.send('GET', path)).headers.get('x-content-type-options')]).toEqual([
      path,
      'nosniff',
    ]);
});

test('the check finds answers and bodies that do not match the document', () => {
  const check = documentChecker(document);
  const job = { id: 'a', user: 'u', nodes: ['n'], state: 'running', cpu_usage: 0, memory_usage_mb: 0 };
  const start = { start_time: '2026-01-20T12:00:00.000Z' };
  const answer = (status: number, body: unknown) => () =>
    check.answer('GET', A, { status, text: JSON.stringify(body) });
  expect(answer(200, { ...job, ...start })).not.toThrow();
  expect(answer(200, { ...start, id: 'a', state: 'running' })).toThrow('user');
  expect(answer(200, { ...job, name: null })).toThrow('name');
  expect(answer(200, { ...job, start_time: 'noon' })).toThrow('date-time');
  expect(answer(200, { ...job, ...start, gpu_usage: null })).toThrow('gpu_usage');
  expect(answer(200, { ...job, ...start, extra: 1 })).toThrow('additional');
  expect(answer(200, { ...job, ...start, state: 'done' })).toThrow('state');
  expect(answer(418, job)).toThrow('not documented');
  expect(answer(404, { error: 'nope', message: '' })).toThrow('error');
  expect(() => check.answer('PUT', A, { status: 200, text: '' })).toThrow('no such operation');
  expect(() => check.body('PATCH', A, { stat: 'failed' })).toThrow('additional');
  expect(() => check.body('PATCH', A, { state: 'done' })).toThrow('state');
});

test('the documentation page loads nothing from other hosts', async () => {
  const page = await service.send('GET', '/swagger');
  expect(page.headers.get('content-type')).toStartWith('text/html');
  expect([...page.text.matchAll(/(?:src|href|url)[=:]\s*["']([^"']+)/g)].map((match) => match[1])).toEqual([
    'data:,',
    '/swagger/ui.css',
    '/swagger/ui.js',
    '/swagger/json',
  ]);
  expect(page.text).not.toMatch(/https?:/);
  for (const path of ['/swagger/ui.js', '/swagger/ui.css']) {
    expect((await service.send('GET', path)).text.length).toBeGreaterThan(10_000);
  }
});
