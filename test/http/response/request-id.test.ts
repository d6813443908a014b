import { expect, test } from 'bun:test';
import { startService } from '../../help/service.ts';

test('if all requests are named, every answer has the id of its request, a different one for each', async () => {
  await using service = await startService({ namesRequests: true });
  const answers = [
    await service.send('GET', '/v1/health'),
    await service.send('POST', '/v1/jobs', { id: 'a', user: 'u', nodes: ['n'] }),
    await service.send('POST', '/v1/jobs', '{'),
    await service.send('GET', '/v1/jobs/none'),
    await service.send('PUT', '/v1/jobs'),
    await service.send('GET', '/nowhere'),
    await service.send('GET', '/metrics'),
    await service.send('GET', '/v1/jobs', undefined, { accept: 'text/csv' }),
    await service.send('GET', '/swagger'),
  ];
  const ids = answers.map(({ headers }) => headers.get('x-request-id'));
  for (const id of ids) expect(id).toMatch(/^[\w-]{8}-[0-9a-z]+$/);
  expect(new Set(ids).size).toBe(answers.length);
});

test.each(['4bf92f3577b34da6a3ce929d0e0e4736', 'a', 'job:7.1', 'x'.repeat(64)])(
  'the id %s that a client chose is in the answer',
  async (id) => {
    await using service = await startService();
    const { headers } = await service.send('GET', '/v1/health', undefined, { 'x-request-id': id });
    expect(headers.get('x-request-id')).toBe(id);
  },
);

test.each(['', 'two words', 'a"b', 'x'.repeat(65), 'a=b', 'ä'])(
  'the id %j that a client chose is not safe, and is replaced',
  async (id) => {
    await using service = await startService({ namesRequests: true });
    const { headers } = await service.send('GET', '/v1/health', undefined, { 'x-request-id': id });
    expect(headers.get('x-request-id')).not.toBe(id);
    expect(headers.get('x-request-id')).toMatch(/^[\w-]+$/);
  },
);

test('if not, only answers to failed requests have an id', async () => {
  await using service = await startService();
  const created = await service.send('POST', '/v1/jobs', { id: 'a', user: 'u', nodes: ['n'] });
  const refused = await service.send('POST', '/v1/jobs', '{');
  expect([created.status, created.headers.get('x-request-id')]).toEqual([201, null]);
  expect(refused.status).toBe(400);
  expect(refused.headers.get('x-request-id')).toMatch(/^[\w-]{8}-[0-9a-z]+$/);
});

test('the log of a failure of the service has the id of its request', async () => {
  await using service = await startService();
  service.store.seenBy = () => {
    throw new TypeError('broken');
  };
  const { status } = await service.send('GET', '/v1/jobs/a', undefined, { 'x-request-id': 'of-this-one' });
  expect(status).toBe(500);
  expect(service.logged.map(({ event, fields }) => [event, fields.requestId])).toEqual([
    ['request_failed', 'of-this-one'],
  ]);
});
